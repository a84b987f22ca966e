package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hubs that do not take everybody. */
class SignUpModesTest {
  @RegisterExtension static final HubExtension CLOSED = HubExtension.with("sign-up", "closed");
  @RegisterExtension static final HubExtension BY_INVITE = HubExtension.with("sign-up", "invite");

  private static Answer signUp(HubExtension hub, String tenant, String invite) {
    ObjectNode body = Json.object().put("tenant", tenant);
    return hub.rest("POST", "/v1/signup", "", invite == null ? body : body.put("invite", invite));
  }

  private static JsonNode invite(ObjectNode terms) {
    return BY_INVITE.succeed("POST", "/v1/admin/invites", BY_INVITE.adminKey(), terms);
  }

  private static String code(ObjectNode terms) {
    JsonNode made = invite(terms);
    String code = made.path("invite").asText();
    assertTrue(code.length() >= 16, "a code that cannot be guessed: " + made);
    return code;
  }

  @Test
  void aClosedHubTakesNobodyAlsoWithACode() {
    for (String invite : new String[] {null, "anything"}) {
      Answer answer = signUp(CLOSED, "hopeful", invite);
      assertEquals("forbidden", answer.errorCode(), answer.text());
      assertTrue(answer.text().contains("ask its operator"), answer.text());
    }
    assertEquals(
        404,
        CLOSED.get("/v1/admin/tenants/hopeful", CLOSED.adminKey()).status(),
        "nothing was made");
  }

  @Test
  void withoutACodeOrWithAWrongOneNobodyGetsIn() {
    Answer none = signUp(BY_INVITE, "uninvited", null);
    assertEquals("invalid_request", none.errorCode(), none.text());
    assertEquals("invite", none.body().at("/error/details/field").asText());
    for (String wrong : new String[] {"wrong", "a".repeat(26), "*", "{platform}:x"}) {
      Answer answer = signUp(BY_INVITE, "uninvited", wrong);
      assertTrue(answer.status() >= 400 && answer.status() < 500, answer.text());
    }
    assertEquals(404, BY_INVITE.get("/v1/admin/tenants/uninvited", BY_INVITE.adminKey()).status());
  }

  @Test
  void aCodeLetsInOnceAndItsTenantIsWhole() {
    String code = code(Json.object());
    Answer in = signUp(BY_INVITE, "guest", code);
    assertEquals(200, in.status(), in.text());
    String key = in.body().path("secret").asText();
    Answer called =
        BY_INVITE.rest(
            "POST",
            "/v1/calls",
            key,
            Json.object().put("to", "guest/main").put("payload", "repeat 2 hi"));
    assertEquals(200, called.status(), called.text());
    Answer second = signUp(BY_INVITE, "gatecrasher", code);
    assertTrue(second.status() >= 400 && second.status() < 500, second.text());
  }

  @Test
  void manyAtOnceUseACodeAsOftenAsItWasMadeFor() {
    String code = code(Json.object().put("uses", 5));
    List<Answer> answers =
        IntStream.range(0, 40)
            .parallel()
            .mapToObj(i -> signUp(BY_INVITE, "crowd-" + i, code))
            .toList();
    assertEquals(5, answers.stream().filter(answer -> answer.status() == 200).count());
  }

  @Test
  void aSignUpThatFailsGivesTheUseBack() {
    assertEquals(200, signUp(BY_INVITE, "taken", code(Json.object())).status());
    String code = code(Json.object());
    assertEquals("conflict", signUp(BY_INVITE, "taken", code).errorCode());
    assertEquals(200, signUp(BY_INVITE, "not-taken", code).status());
  }

  @Test
  void anExpiredCodeLetsNobodyIn() {
    String code = code(Json.object().put("uses", 100).put("expiresInS", 1));
    int[] number = {0};
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> signUp(BY_INVITE, "late-" + number[0]++, code).status() != 200);
    assertTrue(number[0] < 100, "it ended before its uses did");
  }

  @Test
  void onlyThePlatformInvites() {
    String key = signUp(BY_INVITE, "inviter", code(Json.object())).body().path("secret").asText();
    assertEquals(403, BY_INVITE.rest("POST", "/v1/admin/invites", key, Json.object()).status());
    assertEquals(401, BY_INVITE.rest("POST", "/v1/admin/invites", "", Json.object()).status());
  }
}
