package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
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

/** What a buyer is charged is what the seller earns, call by call and in all. */
class SaleBooksTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static Member signUp() {
    return HUB.unmetered(HUB.signUp());
  }

  private static String publish(Member seller, String listing, String unit, long millicents) {
    ObjectNode params = Json.object().put("name", listing).put("agent", "main");
    params.putObject("price").put("unit", unit).put("millicents", millicents);
    HUB.succeed("POST", "/v1/market/listings", seller.key(), params);
    return seller.tenant() + "/" + listing;
  }

  private static void install(Member buyer, String listing, String unit, long millicents) {
    ObjectNode params = Json.object().put("listing", listing);
    params.putObject("maxPrice").put("unit", unit).put("millicents", millicents);
    HUB.succeed("POST", "/v1/market/installs", buyer.key(), params);
  }

  private static Answer call(Member by, String to, String message) {
    return HUB.rest(
        "POST", "/v1/calls", by.key(), Json.object().put("to", to).put("payload", message));
  }

  private static JsonNode total(Member of) {
    return HUB.get("/v1/usage", of.key()).body().at("/days/0/total");
  }

  private static long spent(Member of) {
    return total(of).path("spentMillicents").asLong();
  }

  private static long earned(Member of) {
    return total(of).path("earnedMillicents").asLong();
  }

  private static long charged(List<Answer> answers) {
    return answers.stream().mapToLong(a -> a.body().at("/charge/millicents").asLong()).sum();
  }

  @Test
  void aPricePerCallIsInBothBooksForEachAnsweredCallAndForNoOther() {
    Member seller = signUp();
    List<Member> buyers = List.of(signUp(), signUp());
    String listing = publish(seller, "echo", "call", 250);
    buyers.forEach(buyer -> install(buyer, listing, "call", 250));
    long charged = 0;
    for (Member buyer : buyers) {
      List<Answer> answers =
          IntStream.range(0, 12)
              .parallel()
              .mapToObj(i -> call(buyer, "market:" + listing, "repeat 2 x"))
              .toList();
      assertEquals(12, answers.stream().filter(a -> a.status() == 200).count());
      assertEquals("agent_failed", call(buyer, "market:" + listing, "fail").errorCode());
      charged += charged(answers);
    }
    assertEquals(24 * 250, charged);
    for (Member buyer : buyers) {
      await().untilAsserted(() -> assertEquals(12 * 250, spent(buyer)));
      assertEquals(0, earned(buyer));
    }
    await().untilAsserted(() -> assertEquals(24 * 250, earned(seller)));
    assertEquals(0, spent(seller));
  }

  @Test
  void aPricePerTokenIsInBothBooksAsTheAnswersSaidIt() {
    Member seller = signUp();
    Member buyer = signUp();
    String listing = publish(seller, "words", "kilotoken", 5_000);
    install(buyer, listing, "kilotoken", 5_000);
    List<Answer> answers =
        IntStream.range(0, 10)
            .parallel()
            .mapToObj(i -> call(buyer, "market:" + listing, "repeat %d x".formatted(i + 1)))
            .toList();
    long charged = charged(answers);
    assertTrue(charged > 0, answers.toString());
    await().untilAsserted(() -> assertEquals(charged, spent(buyer)));
    await().untilAsserted(() -> assertEquals(charged, earned(seller)));
  }

  @Test
  void whoHasNotTheMoneyIsRefusedAndNeitherBookHasIt() {
    Member seller = signUp();
    Member buyer = signUp();
    ObjectNode limits = Json.object().put("millicentsPerDay", 1_000);
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + buyer.tenant(),
        HUB.adminKey(),
        Json.object().<ObjectNode>set("limits", limits));
    String listing = publish(seller, "dear", "call", 300);
    install(buyer, listing, "call", 300);
    List<Answer> answers =
        IntStream.range(0, 30)
            .parallel()
            .mapToObj(i -> call(buyer, "market:" + listing, "repeat 1 x"))
            .toList();
    assertEquals(3, answers.stream().filter(a -> a.status() == 200).count());
    assertEquals(27, answers.stream().filter(a -> a.errorCode().equals("budget_exceeded")).count());
    await().untilAsserted(() -> assertEquals(900, spent(buyer)));
    await().untilAsserted(() -> assertEquals(900, earned(seller)));
  }
}
