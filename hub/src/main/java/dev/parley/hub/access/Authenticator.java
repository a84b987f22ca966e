package dev.parley.hub.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns a presented API key, or a token of an identity provider, into a {@link Principal}. No
 * answer is cached: a revoked key or suspended tenant is refused from the next request on. Every
 * wrong key gets the same answer.
 *
 * <p>An address that has presented too many wrong keys is refused unseen for a while, except for
 * the keys that it has presented rightly before: clients behind the same address go on working.
 */
public final class Authenticator {

  /** What access must know of tenants. */
  public interface TenantGate {
    /** Fails with {@code forbidden} when the tenant is suspended. */
    Future<Void> requireActive(TenantId tenant);
  }

  /** A key that was right, by its hash, and where it came from. */
  private record Acquaintance(ClientAddress from, String hash) {}

  private final ApiKeys keys;
  private final TenantGate tenants;
  private final Tokens tokens;
  private final AttemptLimit failures;
  private final InstantSource clock;
  private final Cache<Acquaintance, Boolean> acquaintances =
      Caffeine.newBuilder()
          .maximumSize(AttemptLimit.MOST)
          .expireAfterAccess(Duration.ofHours(1))
          .build();

  /**
   * Makes the authenticator.
   *
   * @param failures how many wrong keys and tokens an address may present
   */
  public Authenticator(
      ApiKeys keys, TenantGate tenants, Tokens tokens, AttemptLimit failures, InstantSource clock) {
    this.keys = keys;
    this.tenants = tenants;
    this.tokens = tokens;
    this.failures = failures;
    this.clock = clock;
  }

  /**
   * Authenticates.
   *
   * @param presented the key or token as the client sent it, or null when it sent none
   * @return fails with {@code unauthorized}, {@code forbidden} for a suspended tenant, {@code
   *     rate_limited} after too many wrong keys from there, {@code unavailable} when the store is
   *     away
   */
  public Future<Principal> authenticate(@Nullable String presented, ClientAddress from) {
    if (presented == null || presented.isEmpty()) {
      return Future.failedFuture(
          unauthorized("no API key; send one as the token", "AUTH_TOKEN_MISSING"));
    }
    if (tokens.hasForm(presented)) {
      return ofToken(presented, from);
    }
    Optional<KeyText> text = KeyText.parse(presented);
    Acquaintance known = text.map(key -> new Acquaintance(from, key.hash())).orElse(null);
    try {
      if (known == null || acquaintances.getIfPresent(known) == null) {
        failures.require(from.owner());
      }
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    if (known == null) {
      failures.charge(from.owner());
      return Future.failedFuture(mismatch());
    }
    return keys.verify(text.get())
        .compose(
            key -> {
              if (key == null) {
                acquaintances.invalidate(known);
                failures.charge(from.owner());
              } else {
                acquaintances.put(known, true);
              }
              return admit(text.get().tenant(), text.get().id(), key);
            });
  }

  private Future<Principal> ofToken(String presented, ClientAddress from) {
    String digest = KeyText.hash(presented);
    Acquaintance known = new Acquaintance(from, digest);
    try {
      if (acquaintances.getIfPresent(known) == null) {
        failures.require(from.owner());
      }
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return tokens
        .verify(presented, digest)
        .onSuccess(identity -> acquaintances.put(known, true))
        .compose(this::admit)
        .recover(
            failure -> {
              if (!(failure instanceof ParleyException refusal)
                  || refusal.code() != ErrorCode.UNAUTHORIZED) {
                return Future.failedFuture(failure);
              }
              acquaintances.invalidate(known);
              failures.charge(from.owner());
              return Future.failedFuture(badToken());
            });
  }

  /** An identity of a tenant that there is not is no better than a wrong one. */
  private Future<Principal> admit(Identity identity) {
    if (identity.validUntil() <= clock.millis()) {
      return Future.failedFuture(badToken());
    }
    Role role = identity.role();
    Principal principal =
        new Principal(
            identity.tenant(),
            role,
            identity.id(),
            null,
            role.permissions(),
            identity.validUntil());
    return role.isPlatform()
        ? Future.succeededFuture(principal)
        : tenants
            .requireActive(identity.tenant())
            .map(principal)
            .recover(
                failure ->
                    Future.failedFuture(
                        failure instanceof ParleyException refusal
                                && refusal.code() == ErrorCode.NOT_FOUND
                            ? badToken()
                            : failure));
  }

  /** Somebody without a credential: permits nothing, and may use what is open to everybody. */
  public static Principal anonymous() {
    return new Principal(ApiKeys.PLATFORM, Role.VIEWER, "none", null, Set.of(), Principal.NO_END);
  }

  /** Authenticates a live connection again: its key may have been revoked meanwhile. */
  public Future<Principal> confirm(Principal principal) {
    return confirm(principal.tenant(), principal.keyId(), principal.role(), principal.validUntil());
  }

  /**
   * Whom another node of the cluster has authenticated; a key may be revoked by now. Of a token,
   * which only ends, that node's word is taken.
   *
   * @param role of the identity; what a key permits is looked up
   * @param validUntil of the identity
   */
  public Future<Principal> confirm(TenantId tenant, String keyId, Role role, long validUntil) {
    if (Identity.isIdOf(keyId)) {
      return admit(new Identity(tenant, role, keyId, validUntil));
    }
    return keys.valid(tenant, keyId).compose(key -> admit(tenant, keyId, key));
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

  private static ParleyException badToken() {
    return unauthorized(
        "the token is wrong, expired or not for this hub; get a new one from your identity provider",
        "AUTH_TOKEN_MISMATCH");
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
