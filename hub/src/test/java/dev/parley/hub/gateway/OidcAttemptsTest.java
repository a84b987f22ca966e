package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.nimbusds.jose.JOSEObjectType;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Strangers who try tokens until one fits; they count like wrong keys. */
class OidcAttemptsTest {
  private static final int FAILURES = 6;
  private static final IdentityProvider IDP = new IdentityProvider();

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "oidc-issuer",
          IDP.issuer(),
          "oidc-audience",
          IdentityProvider.AUDIENCE,
          "address-auth-failures-per-minute",
          "" + FAILURES);

  @AfterAll
  static void closeProvider() {
    IDP.close();
  }

  @Test
  void anAddressTriesSoManyTokensAndThenOnlyThoseThatWereRightBefore() {
    Member acme = HUB.signUp();
    String known = IDP.token(acme.tenant(), "member");
    assertEquals(200, HUB.get("/v1/tenant", known).status());
    for (int i = 0; i < FAILURES; i++) {
      String wrong =
          IdentityProvider.sign(
              IDP.claims(acme.tenant(), "owner"),
              IdentityProvider.ec("a"),
              IDP.key().getKeyID(),
              JOSEObjectType.JWT);
      assertEquals(401, HUB.get("/v1/tenant", wrong).status());
    }
    String unseen = IDP.token(acme.tenant(), "viewer");

    assertEquals(429, HUB.get("/v1/tenant", unseen).status());
    assertEquals(200, HUB.get("/v1/tenant", known).status());
    try (Peer peer = HUB.open()) {
      assertEquals(
          "RATE_LIMITED",
          peer.ask("connect", Peer.connectParams(unseen)).at("/error/code").asText());
    }
  }
}
