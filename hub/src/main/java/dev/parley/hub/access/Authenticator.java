package dev.parley.hub.access;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns a presented API key into a {@link Principal}. Nothing is cached: a revoked key or suspended
 * tenant is refused from the next request on. Every wrong key gets the same answer.
 */
public final class Authenticator {

  /** What access must know of tenants. */
  public interface TenantGate {
    /** Fails with {@code forbidden} when the tenant is suspended. */
    Future<Void> requireActive(TenantId tenant);
  }

  private final ApiKeys keys;
  private final TenantGate tenants;

  public Authenticator(ApiKeys keys, TenantGate tenants) {
    this.keys = keys;
    this.tenants = tenants;
  }

  /**
   * Authenticates.
   *
   * @param presented the key as the client sent it, or null when it sent none
   * @return fails with {@code unauthorized}, {@code forbidden} for a suspended tenant, {@code
   *     unavailable} when the store is away
   */
  public Future<Principal> authenticate(@Nullable String presented) {
    if (presented == null || presented.isEmpty()) {
      return Future.failedFuture(
          unauthorized("no API key; send one as the token", "AUTH_TOKEN_MISSING"));
    }
    Optional<KeyText> text = KeyText.parse(presented);
    if (text.isEmpty()) {
      return Future.failedFuture(mismatch());
    }
    return keys.verify(text.get()).compose(key -> admit(text.get().tenant(), text.get().id(), key));
  }

  /** Somebody without a credential: permits nothing, and may use what is open to everybody. */
  public static Principal anonymous() {
    return new Principal(ApiKeys.PLATFORM, Role.VIEWER, "none", null, Set.of(), Principal.NO_END);
  }

  /** Authenticates a live connection again: its key may have been revoked meanwhile. */
  public Future<Principal> confirm(Principal principal) {
    return keys.valid(principal.tenant(), principal.keyId())
        .compose(key -> admit(principal.tenant(), principal.keyId(), key));
  }

  private Future<Principal> admit(TenantId tenant, String keyId, @Nullable ApiKey key) {
    if (key == null) {
      return Future.failedFuture(mismatch());
    }
    Role role = Role.of(key.role());
    long end = key.expiresAt() == null ? Principal.NO_END : key.expiresAt();
    Principal principal =
        new Principal(tenant, role, keyId, key.agentId(), role.permissions(), end);
    return role.isPlatform()
        ? Future.succeededFuture(principal)
        : tenants.requireActive(tenant).map(principal);
  }

  private static ParleyException mismatch() {
    return unauthorized(
        "the API key is wrong, expired or revoked; make a new one with: parley keys create",
        "AUTH_TOKEN_MISMATCH");
  }

  private static ParleyException unauthorized(String message, String detail) {
    return new ParleyException(ErrorCode.UNAUTHORIZED, "unauthorized: " + message)
        .with(ParleyException.DETAIL_CODE, detail);
  }
}
