package dev.parley.hub.access.oidc;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.parley.hub.access.Identity;
import dev.parley.hub.access.Role;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads who somebody is from verified claims. What is missing or unclear is refused. */
final class ClaimReader {
  private static final TenantId PLATFORM = new TenantId("platform");
  private static final int ID_BYTES = 12;
  private static final int MOST_VALUES = 200;

  private final OidcSettings settings;

  ClaimReader(OidcSettings settings) {
    this.settings = settings;
  }

  Identity identity(JWTClaimsSet claims) {
    TenantId tenant = tenant(claims.getClaim(settings.tenantClaim()));
    Role role = role(tenant, claims.getClaim(settings.roleClaim()));
    String subject = claims.getSubject();
    if (subject == null || subject.isBlank()) {
      throw IdTokens.refused("it has no subject");
    }
    long end = claims.getExpirationTime().toInstant().plus(settings.clockSkew()).toEpochMilli();
    return new Identity(tenant, role, "oidc-" + digest(subject), end);
  }

  /** One id; a person of several tenants has a token for each. */
  private static TenantId tenant(@Nullable Object claim) {
    List<String> values = values(claim);
    if (values.size() != 1) {
      throw IdTokens.refused("its tenant claim does not hold one tenant");
    }
    try {
      return new TenantId(values.get(0));
    } catch (ParleyException malformed) {
      throw IdTokens.refused("its tenant claim holds no id of a tenant");
    }
  }

  /** The one that permits most; a platform role only for the platform, and nothing else for it. */
  private Role role(TenantId tenant, @Nullable Object claim) {
    Set<Role> roles = new TreeSet<>(Comparator.comparingInt(role -> -role.permissions().size()));
    for (String value : values(claim)) {
      Role role = settings.roles().get(value);
      if (role != null && role.isPlatform() == tenant.equals(PLATFORM)) {
        roles.add(role);
      }
    }
    return roles.stream()
        .findFirst()
        .orElseThrow(() -> IdTokens.refused("its role claim holds no role for its tenant"));
  }

  private static List<String> values(@Nullable Object claim) {
    if (claim instanceof String text) {
      return List.of(text);
    }
    if (claim instanceof Collection<?> all
        && all.size() <= MOST_VALUES
        && all.stream().allMatch(String.class::isInstance)) {
      return all.stream().map(String.class::cast).toList();
    }
    return List.of();
  }

  private String digest(String subject) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(settings.issuer().toString().getBytes(StandardCharsets.UTF_8));
      sha.update((byte) '\n');
      return HexFormat.of()
          .formatHex(sha.digest(subject.getBytes(StandardCharsets.UTF_8)), 0, ID_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
