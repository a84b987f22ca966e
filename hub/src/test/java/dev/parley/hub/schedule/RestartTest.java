package dev.parley.hub.schedule;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ticks at which the hub was not there. */
class RestartTest {
  private static final long LATE_MS = 1_000;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "schedule-min-period-ms", "1000", "schedule-late-ms", Long.toString(LATE_MS));

  private final Member acme = HUB.unmetered(HUB.signUp());

  @Test
  void areSkippedMadeUpForOnceOrAllFiredAsTheirScheduleSays() {
    Map<String, String> once = new HashMap<>();
    Map<String, String> each = new HashMap<>();
    long at = System.currentTimeMillis() + 1_500;
    for (String missed : List.of("skip", "once", "all")) {
      HUB.defineRemote(acme, missed);
      ObjectNode schedule = Json.object().put("agent", missed).put("missed", missed);
      once.put(missed, create(schedule.deepCopy().put("at", at)));
      each.put(missed, create(schedule.deepCopy().put("cron", "*/3 * * * * *")));
    }
    HUB.stop();
    await().until(() -> System.currentTimeMillis() > at + 7_000);
    HUB.start();
    Map<String, List<JsonNode>> got = new HashMap<>();
    for (String missed : List.of("skip", "once", "all")) {
      try (Peer worker = HUB.connectAgent(acme.key(), missed)) {
        List<JsonNode> deliveries = new ArrayList<>();
        while (deliveries.stream().filter(d -> isOf(d, each.get(missed))).count()
            < (missed.equals("all") ? 4 : 3)) {
          JsonNode delivery = worker.delivery();
          deliveries.add(delivery);
          worker.raw(
              "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
                  .formatted(delivery.path("id").asText()));
        }
        got.put(missed, deliveries);
      }
    }
    for (String missed : List.of("once", "all")) {
      assertEquals(
          List.of(at),
          ticks(got.get(missed), once.get(missed)),
          "the message once, missed: " + missed);
    }
    assertEquals(List.of(), ticks(got.get("skip"), once.get("skip")));
    JsonNode skipped = HUB.get("/v1/schedules/" + once.get("skip"), acme.key()).body();
    assertEquals("missed", skipped.at("/last/status").asText(), skipped.toString());

    List<Long> all = ticks(got.get("all"), each.get("all"));
    assertTrue(all.get(0) <= at + 3_000, all.toString());
    for (int i = 1; i < all.size(); i++) {
      assertEquals(all.get(0) + 3_000L * i, all.get(i), all.toString());
    }
    List<Long> some = ticks(got.get("skip"), each.get("skip"));
    assertTrue(some.get(0) > at + 7_000 - LATE_MS - 3_000, some.toString());
    assertTrue(HUB.metric("parley_schedules_missed_total") > 0);
  }

  private String create(ObjectNode schedule) {
    return HUB.succeed("POST", "/v1/schedules", acme.key(), schedule).path("id").asText();
  }

  private static boolean isOf(JsonNode delivery, String schedule) {
    return delivery.at("/params/id").asText().startsWith(schedule + "-");
  }

  private static List<Long> ticks(List<JsonNode> deliveries, String schedule) {
    return deliveries.stream()
        .filter(delivery -> isOf(delivery, schedule))
        .map(delivery -> delivery.at("/params/id").asText())
        .map(id -> Long.parseLong(id.substring(id.lastIndexOf('-') + 1)))
        .toList();
  }
}
