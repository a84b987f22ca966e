package dev.parley.hub.access.oidc;

import com.nimbusds.jose.JWSAlgorithm;
import dev.parley.hub.access.Role;
import dev.parley.protocol.error.ParleyException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whose tokens are taken, and how they are read.
 *
 * @param issuer exactly as in {@code iss}; https, or http on this machine
 * @param audiences of which {@code aud} must have one
 * @param tenantClaim holds the id of the tenant
 * @param roleClaim holds one role or several, of which the greatest counts
 * @param roles which role each value of that claim is
 * @param algorithms of signatures; public-key ones only
 * @param clockSkew how far the provider's clock may be off
 * @param refresh how often its keys are fetched anew
 */
public record OidcSettings(
    URI issuer,
    Set<String> audiences,
    String tenantClaim,
    String roleClaim,
    Map<String, Role> roles,
    Set<JWSAlgorithm> algorithms,
    Duration clockSkew,
    Duration refresh) {

  /** The values of a role claim that are taken when nothing else is set. */
  public static final List<String> TENANT_ROLES =
      List.of("owner=owner", "member=member", "viewer=viewer");

  /**
   * Validates.
   *
   * @throws ParleyException {@code invalid_request} naming the setting
   */
  public OidcSettings {
    audiences = Set.copyOf(audiences);
    roles = Map.copyOf(roles);
    algorithms = Set.copyOf(algorithms);
    if (!isSecure(issuer)) {
      throw ParleyException.invalid(
          "oidc-issuer", "--oidc-issuer must be https://…, or http:// on this machine");
    }
    if (audiences.isEmpty()) {
      throw ParleyException.invalid(
          "oidc-audience",
          "--oidc-issuer needs --oidc-audience: without one, tokens for other services would do");
    }
  }

  /**
   * Reads algorithms by their names (RFC 7518).
   *
   * @throws IllegalArgumentException for {@code none}, for those with a shared secret, and for
   *     others that are no signatures with an RSA or EC key
   */
  public static Set<JWSAlgorithm> algorithms(List<String> names) {
    Set<JWSAlgorithm> algorithms = new HashSet<>();
    for (String name : names) {
      JWSAlgorithm algorithm = JWSAlgorithm.parse(name);
      boolean usable =
          JWSAlgorithm.Family.RSA.contains(algorithm)
              || (JWSAlgorithm.Family.EC.contains(algorithm)
                  && !algorithm.equals(JWSAlgorithm.ES256K));
      if (!usable) {
        throw new IllegalArgumentException(
            name + " is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512");
      }
      algorithms.add(algorithm);
    }
    if (algorithms.isEmpty()) {
      throw new IllegalArgumentException("at least one algorithm is needed");
    }
    return algorithms;
  }

  /**
   * Reads {@code value=role} pairs.
   *
   * @throws IllegalArgumentException for another form, and for agent, which is no role of a person
   */
  public static Map<String, Role> roles(List<String> pairs) {
    Map<String, Role> roles = new HashMap<>();
    for (String pair : pairs) {
      int equals = pair.lastIndexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(pair + " is not of the form value=role");
      }
      Role role = Role.of(pair.substring(equals + 1).strip());
      if (role == Role.AGENT) {
        throw new IllegalArgumentException("agents have API keys, not tokens of persons");
      }
      roles.put(pair.substring(0, equals).strip(), role);
    }
    return roles;
  }

  /** Whether keys may be fetched from there. */
  static boolean isSecure(URI url) {
    String host = String.valueOf(url.getHost());
    boolean own = host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
    return url.getHost() != null
        && url.getRawUserInfo() == null
        && ("https".equalsIgnoreCase(url.getScheme())
            || ("http".equalsIgnoreCase(url.getScheme()) && own));
  }
}
