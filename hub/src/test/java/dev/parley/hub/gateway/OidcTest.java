package dev.parley.hub.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Persons with tokens of an identity provider, and strangers with tokens that are not quite so. */
class OidcTest {
  private static final IdentityProvider IDP = new IdentityProvider();
  private static final RSAKey STRANGER = IdentityProvider.rsa("stranger");

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "oidc-issuer", IDP.issuer(),
          "oidc-audience", IdentityProvider.AUDIENCE,
          "oidc-roles", "owner=owner,member=member,viewer=viewer,ops=admin,auditors=auditor",
          "oidc-clock-skew-ms", "0",
          "oidc-refresh-ms", "1000");

  private final Member acme = HUB.signUp();

  @AfterAll
  static void closeProvider() {
    IDP.close();
  }

  private static Answer tenant(String token) {
    return HUB.get("/v1/tenant", token);
  }

  @Test
  void aPersonIsLetInWithTheRoleOfTheToken() {
    Answer answer = tenant(IDP.token(acme.tenant(), "member"));

    assertEquals(200, answer.status(), answer.text());
    assertEquals(acme.tenant(), answer.body().at("/tenant/id").asText());
    assertEquals("member", answer.body().at("/principal/role").asText());
    assertTrue(answer.body().at("/principal/keyId").asText().startsWith("oidc-"));
  }

  @Test
  void theGreatestRoleCountsAndOthersAreNotKnown() {
    String token = IDP.token(acme.tenant(), "viewer", "owner", "member", "superuser");

    assertEquals("owner", tenant(token).body().at("/principal/role").asText());
  }

  @Test
  void aViewerReadsAndChangesNothing() {
    String viewer = IDP.token(acme.tenant(), "viewer");

    assertEquals(200, HUB.get("/v1/agents", viewer).status());
    Answer refused = HUB.rest("POST", "/v1/agents", viewer, Json.object().put("name", "x"));
    assertEquals(403, refused.status(), refused.text());
    assertEquals(
        403,
        HUB.rest(
                "POST",
                "/v1/calls",
                viewer,
                Json.object().put("to", acme.agent("main")).put("payload", "write a.md: b"))
            .status());
  }

  @Test
  void aTokenIsForItsTenantAndNoOther() {
    Member globex = HUB.signUp();
    HUB.defineRemote(globex, "secret-agent");
    String token = IDP.token(acme.tenant(), "owner");

    assertTrue(!HUB.get("/v1/agents", token).text().contains("secret-agent"));
    assertEquals(404, HUB.get("/v1/agents/secret-agent/files", token).status());
    assertEquals(403, HUB.get("/v1/admin/tenants", token).status());
  }

  @Test
  void aPlatformRoleIsThatOfThePlatformOnly() {
    assertEquals(200, HUB.get("/v1/admin/tenants", IDP.token("platform", "auditors")).status());
    assertEquals(
        403,
        HUB.rest(
                "POST",
                "/v1/admin/tenants/" + acme.tenant() + "/suspend",
                IDP.token("platform", "auditors"),
                Json.object())
            .status());
    assertEquals(401, tenant(IDP.token(acme.tenant(), "ops")).status());
    assertEquals(401, tenant(IDP.token("platform", "owner")).status());
  }

  @Test
  void aTenantThatIsSuspendedIsClosedToItsTokensToo() {
    String token = IDP.token(acme.tenant(), "owner");
    try (Peer peer = HUB.connect(token)) {
      String path = "/v1/admin/tenants/" + acme.tenant();
      HUB.succeed("POST", path + "/suspend", HUB.adminKey(), Json.object());

      assertEquals(1008, peer.closed().code());
      assertEquals(403, tenant(token).status());
      HUB.succeed("POST", path + "/resume", HUB.adminKey(), Json.object());
      assertEquals(200, tenant(token).status());
    }
  }

  @Test
  void theEndOfATokenEndsItsSocket() {
    JWTClaimsSet.Builder brief =
        IDP.claims(acme.tenant(), "member").expirationTime(Date.from(Instant.now().plusSeconds(6)));
    String token = IDP.sign(brief);
    try (Peer peer = HUB.connect(token)) {
      assertTrue(peer.alive());
      Peer.Close close = peer.closed();

      assertEquals(1008, close.code());
      assertTrue(close.reason().contains("expired"), close.reason());
    }
    assertEquals(401, tenant(token).status());
  }

  @Test
  void aNewKeyIsFoundAndAWithdrawnOneForgotten() {
    String before = IDP.token(acme.tenant(), "member");
    assertEquals(200, tenant(before).status());
    IDP.rotate(false);
    String next = IDP.token(acme.tenant(), "member");
    await().atMost(Duration.ofSeconds(20)).until(() -> tenant(next).status() == 200);
    assertEquals(200, tenant(before).status(), "the old key is published on");
    IDP.rotate(true);
    await().atMost(Duration.ofSeconds(20)).until(() -> tenant(before).status() == 401);
    String last = IDP.token(acme.tenant(), "member");
    await().atMost(Duration.ofSeconds(20)).until(() -> tenant(last).status() == 200);
    assertEquals(401, tenant(next).status());
  }

  @Test
  void anEllipticKeyDoesToo() {
    ECKey key = IdentityProvider.ec("ec-1");
    IDP.publish(key);
    String token =
        IdentityProvider.sign(
            IDP.claims(acme.tenant(), "member"), key, "ec-1", new JOSEObjectType("at+jwt"));

    await().atMost(Duration.ofSeconds(20)).until(() -> tenant(token).status() == 200);
  }

  @Test
  void namesOfKeysThatThereAreNotDoNotFloodTheProvider() {
    tenant(IDP.token(acme.tenant(), "member"));
    int before = IDP.fetches.get();
    for (int i = 0; i < 200; i++) {
      String token =
          IdentityProvider.sign(
              IDP.claims(acme.tenant(), "member"), STRANGER, "kid-" + i, JOSEObjectType.JWT);
      assertEquals(401, tenant(token).status());
    }

    assertTrue(IDP.fetches.get() - before <= 4, "fetched " + (IDP.fetches.get() - before));
  }

  static Map<String, Supplier<String>> bad() {
    Map<String, Supplier<String>> bad = new TreeMap<>();
    Instant now = Instant.now();
    bad.put("issuer", () -> IDP.sign(good().issuer("https://evil.example")));
    bad.put("issuer with a slash", () -> IDP.sign(good().issuer(IDP.issuer() + "/")));
    bad.put("no issuer", () -> IDP.sign(good().issuer(null)));
    bad.put("audience", () -> IDP.sign(good().audience("other")));
    bad.put("no audience", () -> IDP.sign(good().audience((String) null)));
    bad.put("expired", () -> IDP.sign(good().expirationTime(Date.from(now.minusSeconds(5)))));
    bad.put("no end", () -> IDP.sign(good().expirationTime(null)));
    bad.put("not yet", () -> IDP.sign(good().notBeforeTime(Date.from(now.plusSeconds(600)))));
    bad.put("no subject", () -> IDP.sign(good().subject(null)));
    bad.put("blank subject", () -> IDP.sign(good().subject(" ")));
    bad.put("no tenant", () -> IDP.sign(good().claim("tenant", null)));
    bad.put("two tenants", () -> IDP.sign(good().claim("tenant", List.of("a-b", "c-d"))));
    bad.put("tenant no text", () -> IDP.sign(good().claim("tenant", Map.of("id", "a-b"))));
    bad.put("tenant malformed", () -> IDP.sign(good().claim("tenant", "../platform")));
    bad.put("tenant unknown", () -> IDP.sign(good().claim("tenant", "nobody-is-here")));
    bad.put("no role", () -> IDP.sign(good().claim("roles", null)));
    bad.put("role unknown", () -> IDP.sign(good().claim("roles", List.of("root"))));
    bad.put("role agent", () -> IDP.sign(good().claim("roles", List.of("agent"))));
    bad.put("kid of another", () -> signed(STRANGER, IDP.key().getKeyID(), JOSEObjectType.JWT));
    bad.put("kid unknown", () -> signed(STRANGER, "stranger", JOSEObjectType.JWT));
    bad.put("no kid", () -> signed(STRANGER, null, JOSEObjectType.JWT));
    bad.put(
        "type", () -> signed(IDP.key(), IDP.key().getKeyID(), new JOSEObjectType("logout+jwt")));
    bad.put("key of its own", OidcTest::withItsOwnKey);
    bad.put("alg none", () -> new PlainJWT(good().build()).serialize());
    bad.put("alg none, signed form", OidcTest::unsigned);
    bad.put("secret is the public key", OidcTest::confused);
    bad.put("changed claims", OidcTest::tampered);
    bad.put("no signature", () -> IDP.sign(good()).replaceAll("[^.]*$", ""));
    bad.put("garbage", () -> "eyJ.eyJ.x");
    bad.put("too long", () -> IDP.sign(good().claim("x", "y".repeat(9_000))));
    return bad;
  }

  static Set<String> badNames() {
    return bad().keySet();
  }

  /** Claims that are in order; of a tenant that there is, so that only one thing is wrong. */
  private static JWTClaimsSet.Builder good() {
    return IDP.claims(Existing.TENANT.tenant(), "member");
  }

  private static final class Existing {
    static final Member TENANT = HUB.signUp();
  }

  @Test
  void theTokensAreGoodUntilTheyAreSpoilt() {
    await().until(() -> tenant(IDP.sign(good())).status() == 200);
  }

  @ParameterizedTest
  @MethodSource("badNames")
  void aTokenThatIsNotInOrderIsRefusedOnEveryWayInAndNotToldWhy(String name) {
    String token = bad().get(name).get();
    Answer answer = tenant(token);

    assertTrue(Set.of(401, 431).contains(answer.status()), name + " " + answer);
    if (answer.status() == 401 && token.startsWith("ey") && token.length() < 8_192) {
      assertEquals(tenant("eyJ.eyJ.x").text(), answer.text());
    }
    try (Peer peer = HUB.open()) {
      JsonNode refused = peer.ask("connect", Peer.connectParams(token));
      assertNotEquals(true, refused.path("ok").asBoolean(), name);
      assertEquals(1008, peer.closed().code());
    }
  }

  private static String signed(com.nimbusds.jose.jwk.JWK key, String kid, JOSEObjectType type) {
    return IdentityProvider.sign(good(), key, kid, type);
  }

  private static String withItsOwnKey() {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).jwk(STRANGER.toPublicJWK()).build(),
            good().build());
    try {
      token.sign(new RSASSASigner(STRANGER));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String unsigned() {
    String header = base64("{\"alg\":\"none\",\"typ\":\"JWT\"}");
    return header + "." + IDP.sign(good()).split("\\.", -1)[1] + "." + base64("x");
  }

  private static String confused() {
    try {
      SignedJWT token =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(IDP.key().getKeyID()).build(),
              good().build());
      token.sign(new MACSigner(((RSAKey) IDP.key()).toPublicKey().getEncoded()));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String tampered() {
    String[] parts = IDP.sign(good()).split("\\.", -1);
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8);
    return parts[0] + "." + base64(claims.replace("\"member\"", "\"owner\"")) + "." + parts[2];
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "HS256", "HS512", "ES256K", "RS256,HS256", "dir", "", "EdDSA"})
  void noAlgorithmWithoutAPublicKeyCanBeAllowed(String algorithms) {
    assertThrows(
        ParleyException.class,
        () ->
            dev.parley.hub.settings.Settings.of(Map.of("oidc-algorithms", algorithms), Map.of())
                .get(dev.parley.hub.settings.OidcOptions.ALGORITHMS));
  }

  @Test
  void keysAndTokensDoNotMix() {
    Set<String> ids = new HashSet<>();
    HUB.succeed("GET", "/v1/keys", acme.key(), Json.object())
        .path("keys")
        .forEach(key -> ids.add(key.path("id").asText()));
    String token = IDP.token(acme.tenant(), "owner");

    assertEquals(200, HUB.get("/v1/keys", token).status());
    assertTrue(!ids.contains(tenant(token).body().at("/principal/keyId").asText()));
  }
}
