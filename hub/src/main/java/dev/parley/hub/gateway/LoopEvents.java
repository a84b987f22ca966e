package dev.parley.hub.gateway;

import dev.parley.hub.cluster.Announcement.EdgeTripped;
import dev.parley.hub.cluster.Announcements;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;
import java.util.function.BiConsumer;

/**
 * Tells the people of a tenant, on every node and once, that the loop breaker has stopped messages
 * of one of its agents. When the same loop goes on after the pause they are not told again.
 */
public final class LoopEvents {
  private final BiConsumer<TenantId, RawJson> publisher;

  public LoopEvents(BiConsumer<TenantId, RawJson> publisher) {
    this.publisher = publisher;
  }

  public void follow(Announcements announcements) {
    announcements.listen(
        change -> {
          if (change instanceof EdgeTripped trip && trip.trips() == 1) {
            publisher.accept(AgentAddress.parse(trip.from()).tenant(), event(trip));
          }
        },
        () -> {});
  }

  private static RawJson event(EdgeTripped trip) {
    return Json.raw(
        Json.object()
            .set(
                "loop",
                Json.object()
                    .put("from", trip.from())
                    .put("to", trip.to())
                    .put("reason", trip.reason())
                    .put("state", "open")
                    .put("why", trip.why())
                    .put("trippedAt", trip.trippedAt())
                    .put("until", trip.trippedAt() + trip.pauseMs())
                    .put("trips", trip.trips())));
  }
}
