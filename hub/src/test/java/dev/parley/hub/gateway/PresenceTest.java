package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who of a tenant is connected, and how often that is told. */
class PresenceTest {
  private static final int CROWD = 60;

  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static List<JsonNode> presences(Peer peer) {
    return peer.drain().stream()
        .filter(frame -> frame.path("event").asText().equals("presence"))
        .toList();
  }

  @Test
  void aCrowdThatComesAndGoesIsToldAFewTimesAndTheLastStateArrives() {
    Member tenant = HUB.unmetered(HUB.signUp());
    Peer witness = HUB.connect(tenant.key());
    AtomicReference<List<JsonNode>> told = new AtomicReference<>(new ArrayList<>());
    long start = System.nanoTime();

    List<Peer> crowd = new ArrayList<>();
    for (int i = 0; i < CROWD; i++) {
      crowd.add(HUB.connect(tenant.key()));
    }
    awaitLast(witness, told, CROWD + 1);
    crowd.forEach(Peer::close);
    awaitLast(witness, told, 1);

    long seconds = (System.nanoTime() - start) / 1_000_000_000L;
    int events = told.get().size();
    assertTrue(
        events <= seconds + 3, "%d presence events in about %d s".formatted(events, seconds));
    long sent = events + crowd.stream().mapToLong(peer -> presences(peer).size()).sum();
    assertTrue(
        sent < (long) CROWD * CROWD / 4, "%d events for %d changes".formatted(sent, 2 * CROWD));
  }

  private static void awaitLast(Peer witness, AtomicReference<List<JsonNode>> told, int present) {
    await()
        .untilAsserted(
            () -> {
              told.get().addAll(presences(witness));
              List<JsonNode> all = told.get();
              assertEquals(
                  present, all.get(all.size() - 1).at("/payload/presence").size(), "present");
            });
  }

  @Test
  void aSingleChangeIsToldAtOnceAndToTheOwnTenantOnly() {
    Member tenant = HUB.signUp();
    Peer witness = HUB.connect(tenant.key());
    Peer stranger = HUB.connect(HUB.signUp().key());
    await().until(() -> !presences(witness).isEmpty());
    await().until(() -> !presences(stranger).isEmpty());
    try (Peer newcomer = HUB.connect(tenant.key())) {
      assertTrue(newcomer.hello().at("/snapshot/presence").isArray());
      assertEquals(2, witness.event("presence").path("presence").size());
      assertEquals(2, newcomer.succeed("system-presence", Json.object()).size());
    }
    assertEquals(1, witness.event("presence").path("presence").size());
    assertTrue(presences(stranger).isEmpty());
  }

  @Test
  void whoHasLostItsSocketIsNotPresentThoughItMayComeBack() {
    Member tenant = HUB.signUp();
    Peer witness = HUB.connect(tenant.key());
    Peer lost = HUB.connect(tenant.key());
    lost.close();
    await()
        .untilAsserted(
            () -> assertEquals(1, witness.succeed("system-presence", Json.object()).size()));
  }
}
