package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits of a channel and of an agent, inside those of their tenants. */
class ChannelLimitsTest {
  private static final long REPLY = 50;

  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("max-output-tokens", Long.toString(REPLY));

  private static Answer call(Member by, String to) {
    return HUB.rest(
        "POST", "/v1/calls", by.key(), Json.object().put("to", to).put("payload", "repeat 5 x"));
  }

  private static ObjectNode limits(String name, long value) {
    ObjectNode terms = Json.object();
    terms.putObject("limits").put(name, value);
    return terms;
  }

  private static JsonNode total(Member of) {
    return HUB.get("/v1/usage", of.key()).body().at("/days/0/total");
  }

  private static long tokens(Member of) {
    return total(of).path("inputTokens").asLong() + total(of).path("outputTokens").asLong();
  }

  @Test
  void aChannelAdmitsItsCallsPerMinuteAndNoMoreAlsoWhenAllComeAtOnce() {
    Member from = HUB.unmetered(HUB.signUp());
    Member to = HUB.unmetered(HUB.signUp());
    JsonNode channel = HUB.openChannel(from, to, "main", limits("callsPerMinute", 3));
    List<Answer> answers =
        IntStream.range(0, 20).parallel().mapToObj(i -> call(from, to.agent("main"))).toList();
    assertEquals(
        3,
        answers.stream().filter(answer -> answer.status() == 200).count(),
        () -> answers.stream().map(Answer::text).toList().toString());
    Answer refused = answers.stream().filter(a -> a.status() != 200).findFirst().orElseThrow();
    assertEquals("rate_limited", refused.errorCode(), refused.text());
    assertTrue(refused.text().contains(channel.path("id").asText()), refused.text());
    assertTrue(refused.body().at("/error/retryAfterMs").asLong() > 0, refused.text());
    assertEquals(3, total(to).path("handled").asLong());
    assertEquals(17, total(from).path("refused").asLong());
    assertEquals(200, call(to, to.agent("main")).status(), "own calls are not of the channel");
  }

  @Test
  void aChannelSpendsItsTokensPerDayAndNoMore() {
    Member from = HUB.unmetered(HUB.signUp());
    Member to = HUB.unmetered(HUB.signUp());
    long budget = 2_000;
    JsonNode channel = HUB.openChannel(from, to, "main", limits("tokensPerDay", budget));
    List<Answer> answers =
        IntStream.range(0, 40).parallel().mapToObj(i -> call(from, to.agent("main"))).toList();
    long answered = answers.stream().filter(answer -> answer.status() == 200).count();
    Answer refused = answers.stream().filter(a -> a.status() != 200).findFirst().orElseThrow();
    assertEquals("budget_exceeded", refused.errorCode(), refused.text());
    assertTrue(answered > 0, answers.toString());
    long spent = tokens(from) + tokens(to);
    assertTrue(spent > 0 && spent <= budget, spent + " of " + budget);
    assertTrue(refused.text().contains(channel.path("id").asText()), refused.text());
    assertEquals(200, call(to, to.agent("main")).status(), "own calls are not of the channel");
  }

  @Test
  void anAgentSpendsItsOwnTokensPerDayAndTheOthersOfItsTenantGoOn() {
    Member owner = HUB.unmetered(HUB.signUp());
    long budget = 1_500;
    HUB.succeed(
        "POST",
        "/v1/agents",
        owner.key(),
        Json.object().put("name", "frugal").put("tokensPerDay", budget));
    List<Answer> answers =
        IntStream.range(0, 30)
            .parallel()
            .mapToObj(i -> call(owner, owner.agent("frugal")))
            .toList();
    assertTrue(answers.stream().anyMatch(answer -> answer.status() == 200), answers.toString());
    Answer refused = answers.stream().filter(a -> a.status() != 200).findFirst().orElseThrow();
    assertEquals("budget_exceeded", refused.errorCode(), refused.text());
    JsonNode details = refused.body().at("/error/details");
    assertTrue(details.path("owner").asText().contains("frugal"), refused.text());
    assertEquals(budget, details.path("max").asLong(), refused.text());
    assertTrue(details.path("resetsAt").asLong() > 0, refused.text());
    assertTrue(tokens(owner) <= budget, tokens(owner) + " of " + budget);
    assertEquals(200, call(owner, owner.agent("main")).status());
  }
}
