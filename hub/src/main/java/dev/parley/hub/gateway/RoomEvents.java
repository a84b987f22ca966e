package dev.parley.hub.gateway;

import dev.parley.hub.cluster.Announcement.RoomPosted;
import dev.parley.hub.cluster.Announcements;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;

/** Tells the people in a room, on every node, what was said in it. */
public final class RoomEvents {
  private final Publisher publisher;

  /** Sends an event to people of one tenant. */
  public interface Publisher {
    void publish(TenantId tenant, String room, RawJson message);
  }

  public RoomEvents(Publisher publisher) {
    this.publisher = publisher;
  }

  public void follow(Announcements announcements) {
    announcements.listen(
        change -> {
          if (change instanceof RoomPosted posted) {
            RawJson message = new RawJson(posted.message());
            for (String tenant : posted.tenants()) {
              publisher.publish(new TenantId(tenant), posted.room(), message);
            }
          }
        },
        () -> {});
  }
}
