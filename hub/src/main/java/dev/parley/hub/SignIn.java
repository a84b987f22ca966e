package dev.parley.hub;

import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.AttemptLimit;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.Tokens;
import dev.parley.hub.access.oidc.IdTokens;
import dev.parley.hub.access.oidc.OidcSettings;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.settings.OidcOptions;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Clock;
import java.util.Optional;

/** The ways to say who one is: API keys, and tokens of an identity provider where one is set. */
final class SignIn {
  private SignIn() {}

  static Authenticator authenticator(
      Vertx vertx,
      Settings settings,
      ApiKeys keys,
      Authenticator.TenantGate tenants,
      OutboundClient outbound,
      HubMetrics metrics,
      Clock clock) {
    AttemptLimit failures = SettingsMapping.authFailures(settings);
    metrics.counter(
        "parley.authentications.refused",
        "authentications refused unseen after too many wrong keys",
        failures,
        AttemptLimit::refused);
    Tokens tokens =
        oidc(settings)
            .<Tokens>map(
                oidc -> measured(new IdTokens(vertx, oidc, outbound.forOperator(), clock), metrics))
            .orElse(Tokens.NONE);
    return new Authenticator(keys, tenants, tokens, failures, clock);
  }

  private static IdTokens measured(IdTokens tokens, HubMetrics metrics) {
    metrics.counter(
        "parley.oidc.fetches",
        "times that the keys of the identity provider were fetched",
        tokens,
        IdTokens::fetches);
    metrics.counter(
        "parley.oidc.failures",
        "times that the keys of the identity provider could not be fetched",
        tokens,
        IdTokens::failures);
    return tokens;
  }

  private static Optional<OidcSettings> oidc(Settings settings) {
    String issuer = settings.get(OidcOptions.ISSUER);
    return issuer.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new OidcSettings(
                url(issuer),
                java.util.Set.copyOf(settings.get(OidcOptions.AUDIENCE)),
                settings.get(OidcOptions.TENANT_CLAIM),
                settings.get(OidcOptions.ROLE_CLAIM),
                settings.get(OidcOptions.ROLES),
                settings.get(OidcOptions.ALGORITHMS),
                settings.get(OidcOptions.CLOCK_SKEW),
                settings.get(OidcOptions.REFRESH)));
  }

  private static URI url(String issuer) {
    try {
      return URI.create(issuer);
    } catch (IllegalArgumentException e) {
      throw ParleyException.invalid(
          OidcOptions.ISSUER.name(), "--oidc-issuer %s is not a URL".formatted(issuer));
    }
  }
}
