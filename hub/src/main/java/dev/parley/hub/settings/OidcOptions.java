package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.list;
import static dev.parley.hub.settings.Catalogue.millis;
import static dev.parley.hub.settings.Catalogue.register;
import static dev.parley.hub.settings.Catalogue.text;

import com.nimbusds.jose.JWSAlgorithm;
import dev.parley.hub.access.Role;
import dev.parley.hub.access.oidc.OidcSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The settings of tokens beside API keys. */
public final class OidcOptions {
  public static final Setting<String> ISSUER =
      text(
          "oidc-issuer",
          "<url>",
          "",
          "identity provider whose tokens are taken beside API keys, as in the claim iss");
  public static final Setting<List<String>> AUDIENCE =
      register(
          "oidc-audience",
          "<name,…>",
          "",
          "audiences of which a token must have one in the claim aud",
          Catalogue::list);
  public static final Setting<String> TENANT_CLAIM =
      text("oidc-tenant-claim", "<name>", "tenant", "claim with the id of the tenant");
  public static final Setting<String> ROLE_CLAIM =
      text("oidc-role-claim", "<name>", "roles", "claim with one role or several");
  public static final Setting<Map<String, Role>> ROLES =
      register(
          "oidc-roles",
          "<value=role,…>",
          String.join(",", OidcSettings.TENANT_ROLES),
          "what values of the role claim mean; platform roles count for the tenant platform",
          text -> OidcSettings.roles(list(text)));
  public static final Setting<Set<JWSAlgorithm>> ALGORITHMS =
      register(
          "oidc-algorithms",
          "<name,…>",
          "RS256,PS256,ES256,RS384,PS384,ES384,RS512,PS512,ES512",
          "algorithms of signatures that are taken",
          text -> OidcSettings.algorithms(list(text)));
  public static final Setting<Duration> CLOCK_SKEW =
      millis(
          "oidc-clock-skew-ms",
          "30000",
          0,
          300_000,
          "how far the clock of the identity provider may be off");
  public static final Setting<Duration> REFRESH =
      millis(
          "oidc-refresh-ms",
          "300000",
          1_000,
          86_400_000,
          "how often the keys of the identity provider are fetched anew");

  static final List<Setting<?>> ALL =
      List.of(ISSUER, AUDIENCE, TENANT_CLAIM, ROLE_CLAIM, ROLES, ALGORITHMS, CLOCK_SKEW, REFRESH);

  private OidcOptions() {}
}
