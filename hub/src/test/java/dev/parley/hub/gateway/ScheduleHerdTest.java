package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More schedules than a tenant may have, or has the rate for. */
class ScheduleHerdTest {
  private static final String SCHEDULES = "/v1/schedules";
  private static final int HERD = 200;
  private static final int BURST = 20;
  private static final int RATE = 5;

  @RegisterExtension static final HubExtension HUB = HubExtension.with("schedule-late-ms", "4000");

  private final Member big = HUB.signUp();
  private final Member small = HUB.signUp();

  private static Answer create(Member member, ObjectNode when) {
    return HUB.rest("POST", SCHEDULES, member.key(), when.put("agent", "worker"));
  }

  @Test
  void oneForEachSecondIsRefusedByThePeriodAndOneTooManyByTheirNumber() {
    HUB.defineRemote(big, "worker");
    Answer often = create(big, Json.object().put("cron", "* * * * * *"));
    assertEquals("limit_exceeded", often.errorCode(), often.text());
    assertEquals(
        "schedule_min_period_ms", often.body().at("/error/details/limit").asText(), often.text());
    for (int i = 0; i < 20; i++) {
      assertEquals(200, create(big, Json.object().put("cron", "* * * * *")).status());
    }
    Answer many = create(big, Json.object().put("cron", "* * * * *"));
    assertEquals("limit_exceeded", many.errorCode(), many.text());
    assertEquals("schedules", many.body().at("/error/details/limit").asText());
  }

  /** 200 at one moment, of a tenant that may send 20 and 5 a second more: others notice nothing. */
  @Test
  void whatIsOverTheRateIsTriedUntilItIsLateThenToldAndHoldsUpNobodyElse() {
    HUB.defineRemote(big, "worker");
    HUB.defineRemote(small, "worker");
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + big.tenant(),
        HUB.adminKey(),
        Json.object()
            .set(
                "limits",
                Json.object()
                    .put("schedules", HERD)
                    .put("messagesPerSecond", RATE)
                    .put("burst", BURST)));
    double fired = HUB.metric("parley_schedules_fired_total");
    long at = System.currentTimeMillis() + 12_000;
    try (Peer person = HUB.connect(big.key())) {
      for (int i = 0; i < HERD; i++) {
        person.send("schedule.create", Json.object().put("agent", "worker").put("at", at));
      }
      for (int i = 0; i < HERD; i++) {
        JsonNode made = person.answer();
        assertTrue(made.path("ok").asBoolean(), made.toString());
      }
    }
    try (Peer worker = HUB.connectAgent(small.key(), "worker")) {
      assertEquals(200, create(small, Json.object().put("at", at)).status());
      worker.delivery();
      long late = System.currentTimeMillis() - at;
      assertTrue(late >= 0 && late < 3_000, late + " ms late");
    }
    Map<String, Integer> left = new HashMap<>();
    await().atMost(Duration.ofSeconds(30)).until(() -> !leftOver(left).containsKey(""));
    int told = left.getOrDefault("rate_limited", 0);
    assertEquals(Map.of("rate_limited", told), left);
    assertTrue(told > 0 && told <= HERD - BURST, left.toString());
    assertEquals(fired + HERD - told + 1, HUB.metric("parley_schedules_fired_total"));
  }

  /** How many of the schedules are still there, by why they could not be sent. */
  private Map<String, Integer> leftOver(Map<String, Integer> counts) {
    counts.clear();
    String cursor = "";
    do {
      JsonNode page = HUB.get(SCHEDULES + "?limit=200" + cursor, big.key()).body();
      for (JsonNode one : page.path("schedules")) {
        counts.merge(one.at("/last/error/code").asText(), 1, Integer::sum);
      }
      cursor = page.has("cursor") ? "&cursor=" + page.path("cursor").asText() : "";
    } while (!cursor.isEmpty());
    return counts;
  }
}
