package dev.parley.hub.access.oidc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import dev.parley.hub.access.Role;
import dev.parley.hub.outbound.OutboundResponse;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When keys are fetched, by a clock that the test sets; what is fetched is the test's too. */
class IssuerKeysTest {
  private static final String ISSUER = "https://id.example";
  private static final OidcSettings SETTINGS =
      new OidcSettings(
          URI.create(ISSUER),
          Set.of("parley"),
          "tenant",
          "roles",
          Map.of("owner", Role.OWNER),
          OidcSettings.algorithms(List.of("ES256")),
          Duration.ZERO,
          Duration.ofMinutes(5));

  private long now = 1_800_000_000_000L;
  private String discovery = "{\"issuer\":\"" + ISSUER + "\",\"jwks_uri\":\"" + ISSUER + "/k\"}";
  private List<JWK> published = List.of(key("one"));
  private boolean away;
  private int fetches;
  private final IssuerKeys keys =
      new IssuerKeys(
          SETTINGS,
          (request, limits) -> {
            if (away) {
              return Future.failedFuture("away");
            }
            boolean discovering = request.url().getPath().startsWith("/.well-known");
            fetches += discovering ? 0 : 1;
            String body = discovering ? discovery : new JWKSet(published).toString(false);
            return Future.succeededFuture(
                new OutboundResponse(200, MultiMap.caseInsensitiveMultiMap(), Buffer.buffer(body)));
          },
          () -> Instant.ofEpochMilli(now));

  private static JWK key(String id) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private JWKSet holding(String id) {
    return keys.holding(id).await().set();
  }

  private ParleyException failure(String id) {
    return assertThrows(ParleyException.class, () -> holding(id));
  }

  @Test
  void keysAreFetchedOnceAndAgainAfterTheInterval() {
    holding("one");
    holding("one");
    assertEquals(1, fetches);
    now += SETTINGS.refresh().toMillis();
    holding("one");
    assertEquals(2, fetches);
  }

  @Test
  void anUnknownKeyIsLookedForAndNotTooOften() {
    holding("one");
    published = List.of(key("two"));
    assertNull(holding("two").getKeyByKeyId("two"), "asked a moment ago");
    now += IssuerKeys.PAUSE.toMillis();
    assertNotNull(holding("two").getKeyByKeyId("two"));
    for (int i = 0; i < 100; i++) {
      holding("no-" + i);
    }
    assertEquals(2, fetches);
  }

  @Test
  void whileTheProviderIsAwayItsLastKeysAreUsedForAWhile() {
    holding("one");
    away = true;
    now += IssuerKeys.STALE_REFRESHES * SETTINGS.refresh().toMillis() - 1;
    assertNotNull(holding("one").getKeyByKeyId("one"));
    now += IssuerKeys.PAUSE.toMillis();
    assertEquals(ErrorCode.UNAVAILABLE, failure("one").code());
    away = false;
    now += IssuerKeys.PAUSE.toMillis();
    assertNotNull(holding("one").getKeyByKeyId("one"));
  }

  @Test
  void aProviderThatWasNeverThereIsUnavailable() {
    away = true;
    ParleyException failure = failure("one");
    assertEquals(ErrorCode.UNAVAILABLE, failure.code());
    assertEquals(IssuerKeys.PAUSE.toMillis(), failure.retryAfterMs());
    assertEquals(1, keys.failures());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://id.example/k\"}",
        "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"http://id.example/k\"}",
        "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"file:///etc/passwd\"}",
        "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"::\"}",
        "{\"issuer\":\"https://id.example\"}",
        "[]",
        "nonsense"
      })
  void aDiscoveryDocumentThatIsNotInOrderIsNotUsed(String document) {
    discovery = document;
    assertEquals(ErrorCode.UNAVAILABLE, failure("one").code());
    assertEquals(0, fetches);
  }

  @Test
  void sharedSecretsAndFloodsOfKeysAreNotTaken() {
    published =
        List.of(key("one"), new OctetSequenceKey.Builder(new byte[32]).keyID("secret").build());
    assertNull(holding("one").getKeyByKeyId("secret"));
    JWK one = key("many");
    published = java.util.Collections.nCopies(IssuerKeys.MOST_KEYS + 1, one);
    now += SETTINGS.refresh().toMillis();
    assertNotNull(holding("one").getKeyByKeyId("one"), "the last good ones");
    assertEquals(1, keys.failures());
  }
}
