package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.frame.Json;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Strangers who try too often: sign-ups and wrong keys, by address and in all. */
class AttemptsTest {
  private static final int SIGN_UPS = 4;
  private static final int FAILURES = 6;
  private static final int ALL_SIGN_UPS = 30;
  private static final AtomicInteger NAMES = new AtomicInteger();

  @RegisterExtension
  static final HubExtension BEHIND_A_PROXY =
      HubExtension.with(
          "address-sign-ups-per-hour",
          "" + SIGN_UPS,
          "address-auth-failures-per-minute",
          "" + FAILURES,
          "client-address-header",
          "X-Forwarded-For");

  @RegisterExtension
  static final HubExtension DIRECT =
      HubExtension.with(
          "address-sign-ups-per-hour", "" + SIGN_UPS, "address-auth-failures-per-minute", "6");

  @RegisterExtension
  static final HubExtension POPULAR =
      HubExtension.with(
          "sign-ups-per-hour", "" + ALL_SIGN_UPS, "client-address-header", "X-Forwarded-For");

  private static Answer signUp(HubExtension hub, String forwardedFor) {
    String body = Json.write(Json.object().put("tenant", "visitor-" + NAMES.incrementAndGet()));
    return hub.rest(
        hub.method("POST", "/v1/signup", "")
            .header("X-Forwarded-For", forwardedFor)
            .method("POST", HttpRequest.BodyPublishers.ofString(body)));
  }

  private static Answer ask(HubExtension hub, String key, String forwardedFor) {
    return hub.rest(
        hub.method("GET", "/v1/usage", key).header("X-Forwarded-For", forwardedFor).GET());
  }

  private static String wrong(Member member) {
    return member.key().substring(0, member.key().length() - 4) + "aaaa";
  }

  private static void limited(Answer answer, String limit, String owner) {
    assertEquals(429, answer.status(), answer.text());
    JsonNode error = answer.body().path("error");
    assertEquals("rate_limited", error.path("code").asText());
    assertEquals(limit, error.at("/details/limit").asText());
    assertEquals(owner, error.at("/details/owner").asText());
    long retryAfterMs = error.path("retryAfterMs").asLong();
    assertTrue(retryAfterMs > 0, answer.text());
    assertEquals((retryAfterMs + 999) / 1000 + "", answer.headers().get("retry-after"));
  }

  @Test
  void anAddressSignsUpSoOftenAndNoMoreAlsoWhenAllComeAtOnce() {
    double before = BEHIND_A_PROXY.metric("parley_signups_refused_total");
    List<Answer> answers =
        IntStream.range(0, 20)
            .parallel()
            .mapToObj(i -> signUp(BEHIND_A_PROXY, "192.0.2.1"))
            .toList();
    assertEquals(SIGN_UPS, answers.stream().filter(a -> a.status() == 200).count());
    answers.stream()
        .filter(a -> a.status() != 200)
        .forEach(a -> limited(a, "address_sign_ups", "address 192.0.2.1"));
    assertEquals(200, signUp(BEHIND_A_PROXY, "192.0.2.2").status());
    assertEquals(before + 20 - SIGN_UPS, BEHIND_A_PROXY.metric("parley_signups_refused_total"));
  }

  @Test
  void whatAClientClaimsBeforeTheProxysWordDoesNotCount() {
    for (int i = 0; i < SIGN_UPS; i++) {
      assertEquals(200, signUp(BEHIND_A_PROXY, "10.0.0." + i + ", 192.0.2.10").status());
    }
    limited(
        signUp(BEHIND_A_PROXY, "10.0.0.99, 192.0.2.10"), "address_sign_ups", "address 192.0.2.10");
  }

  @Test
  void anIpv6ClientHasOneCountHoweverManyAddressesItUses() {
    for (int i = 0; i < SIGN_UPS; i++) {
      assertEquals(200, signUp(BEHIND_A_PROXY, "2001:db8::" + (i + 1)).status());
    }
    assertEquals(429, signUp(BEHIND_A_PROXY, "2001:db8::ffff").status());
    assertEquals(200, signUp(BEHIND_A_PROXY, "2001:db8:0:1::1").status());
  }

  @Test
  void withoutTheOperatorsWordTheHeaderIsNotBelieved() {
    for (int i = 0; i < SIGN_UPS; i++) {
      assertEquals(200, signUp(DIRECT, "192.0.2." + i).status());
    }
    limited(signUp(DIRECT, "192.0.2.99"), "address_sign_ups", "address 127.0.0.1");
  }

  @Test
  void allAddressesTogetherSignUpSoOftenAndNoMore() {
    List<Answer> answers =
        IntStream.range(0, 2 * ALL_SIGN_UPS)
            .parallel()
            .mapToObj(i -> signUp(POPULAR, "192.0.2." + i))
            .toList();
    assertEquals(ALL_SIGN_UPS, answers.stream().filter(a -> a.status() == 200).count());
    answers.stream()
        .filter(a -> a.status() != 200)
        .forEach(a -> limited(a, "sign_ups", "all addresses"));
  }

  @Test
  void anAddressThatKeepsPresentingWrongKeysIsRefusedUnseenUntilItHasWaited() {
    Member member = BEHIND_A_PROXY.signUp();
    String from = "192.0.2.20";
    double before = BEHIND_A_PROXY.metric("parley_authentications_refused_total");
    for (int i = 0; i < FAILURES; i++) {
      assertEquals(401, ask(BEHIND_A_PROXY, wrong(member), from).status());
    }
    limited(ask(BEHIND_A_PROXY, wrong(member), from), "address_auth_failures", "address " + from);
    limited(ask(BEHIND_A_PROXY, member.key(), from), "address_auth_failures", "address " + from);
    assertEquals(before + 2, BEHIND_A_PROXY.metric("parley_authentications_refused_total"));
    assertEquals(200, ask(BEHIND_A_PROXY, member.key(), "192.0.2.21").status());
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> ask(BEHIND_A_PROXY, member.key(), from).status() == 200);
  }

  @Test
  void aKeyThatWasRightBeforeGoesOnWorkingFromAnAddressWithAnAttackerBehindIt() {
    Member member = BEHIND_A_PROXY.signUp();
    String from = "192.0.2.30";
    assertEquals(200, ask(BEHIND_A_PROXY, member.key(), from).status());
    for (int i = 0; i <= FAILURES; i++) {
      ask(BEHIND_A_PROXY, "nonsense " + i, from);
    }
    assertEquals(429, ask(BEHIND_A_PROXY, wrong(member), from).status());
    assertEquals(200, ask(BEHIND_A_PROXY, member.key(), from).status());
  }

  @Test
  void aKeyThatWasRightAndIsRevokedIsRefusedAlsoThere() {
    Member member = BEHIND_A_PROXY.signUp();
    JsonNode viewer = BEHIND_A_PROXY.newKey(member, Json.object().put("role", "viewer"));
    String secret = viewer.path("secret").asText();
    String from = "192.0.2.31";
    assertEquals(200, ask(BEHIND_A_PROXY, secret, from).status());
    for (int i = 0; i < FAILURES; i++) {
      ask(BEHIND_A_PROXY, "nonsense", from);
    }
    String path = "/v1/keys/" + viewer.at("/key/id").asText();
    BEHIND_A_PROXY.succeed("DELETE", path, member.key(), Json.object());
    assertEquals(401, ask(BEHIND_A_PROXY, secret, from).status());
  }

  @Test
  void socketsCountLikeRequestsAndAreToldToComeBackLater() {
    Member member = BEHIND_A_PROXY.signUp();
    Map<String, String> from = Map.of("X-Forwarded-For", "192.0.2.40");
    for (int i = 0; i < FAILURES; i++) {
      try (RawSocket socket = RawSocket.dial(BEHIND_A_PROXY.port(), 0)) {
        socket.upgrade("127.0.0.1", from);
        socket.text(Peer.request("c", "connect", Peer.connectParams(wrong(member))));
        assertEquals("UNAUTHORIZED", socket.answer("c").at("/error/code").asText());
        assertEquals(1008, socket.readUntilClose().code());
      }
    }
    try (RawSocket socket = RawSocket.dial(BEHIND_A_PROXY.port(), 0)) {
      socket.upgrade("127.0.0.1", from);
      socket.text(Peer.request("c", "connect", Peer.connectParams(member.key())));
      JsonNode error = socket.answer("c").path("error");
      assertEquals("RATE_LIMITED", error.path("code").asText());
      assertTrue(error.path("retryAfterMs").asLong() > 0);
      assertEquals(1013, socket.readUntilClose().code());
    }
    assertEquals(429, ask(BEHIND_A_PROXY, member.key(), "192.0.2.40").status());
  }

  @Test
  void noKeyAtAllIsNotAWrongKey() {
    for (int i = 0; i < 2 * FAILURES; i++) {
      assertEquals(401, ask(BEHIND_A_PROXY, "", "192.0.2.50").status());
    }
    assertEquals(401, ask(BEHIND_A_PROXY, "nonsense", "192.0.2.50").status());
  }
}
