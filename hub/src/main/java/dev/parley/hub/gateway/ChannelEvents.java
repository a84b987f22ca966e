package dev.parley.hub.gateway;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.cluster.Announcement.ChannelChanged;
import dev.parley.hub.cluster.Announcements;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;
import java.util.function.BiConsumer;

/** Tells the people on both sides of a channel that it changed, each as their side sees it. */
public final class ChannelEvents {
  private final Channels channels;
  private final BiConsumer<TenantId, RawJson> publisher;

  public ChannelEvents(Channels channels, BiConsumer<TenantId, RawJson> publisher) {
    this.channels = channels;
    this.publisher = publisher;
  }

  public void follow(Announcements announcements) {
    announcements.listen(
        change -> {
          if (change instanceof ChannelChanged changed) {
            tell(new TenantId(changed.fromTenant()), changed.channelId());
            tell(new TenantId(changed.toTenant()), changed.channelId());
          }
        },
        () -> {});
  }

  private void tell(TenantId side, String channelId) {
    channels
        .get(HubPrincipals.bookkeeper(side), channelId)
        .onSuccess(
            channel ->
                publisher.accept(side, Json.raw(Json.object().set("channel", channel.toJson()))));
  }
}
