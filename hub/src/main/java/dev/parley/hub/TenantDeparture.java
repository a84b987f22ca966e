package dev.parley.hub;

import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Status;
import dev.parley.hub.gateway.operation.AgentOperations.Removal;
import dev.parley.hub.gateway.operation.AgentOperations.Removal.Removed;
import dev.parley.hub.market.Market;
import dev.parley.hub.room.Rooms;
import dev.parley.hub.tenant.Erasures;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Takes a tenant out of everything that others have a part in: its agents one by one, then its
 * rooms and those of others, what it has installed, and its channels.
 */
final class TenantDeparture implements Erasures.Departure {
  private final Agents agents;
  private final Removal removal;
  private final Market market;
  private final Channels channels;
  private final Rooms rooms;

  TenantDeparture(Agents agents, Removal removal, Market market, Channels channels, Rooms rooms) {
    this.agents = agents;
    this.removal = removal;
    this.market = market;
    this.channels = channels;
    this.rooms = rooms;
  }

  @Override
  public Future<Map<String, Long>> leave(Principal principal, TenantScope scope) {
    Map<String, Long> ended = new TreeMap<>();
    return agents
        .list(scope)
        .compose(
            all ->
                oneByOne(
                    all,
                    (AgentDefinition agent) ->
                        removal
                            .remove(principal, scope, agent.id())
                            .map(removed -> count(ended, removed))))
        .compose(done -> rooms.retirement().tenant(scope.tenant()))
        .map(left -> count(ended, "rooms", left))
        .compose(done -> market.installed(principal))
        .compose(
            installs ->
                oneByOne(
                    installs.stream().filter(install -> install.endedAt() == null).toList(),
                    install ->
                        market
                            .uninstall(principal, install.offer().listing())
                            .map(gone -> count(ended, "installs", 1))))
        .compose(done -> revokeAll(principal, scope, ended))
        .map(ended);
  }

  private static boolean count(Map<String, Long> ended, Removed removed) {
    count(ended, "agents", 1);
    count(ended, "listings", removed.listingsUnpublished());
    count(ended, "installsByOthers", removed.installsEnded());
    count(ended, "channels", removed.channelsRevoked());
    count(ended, "keysOfAgents", removed.keysRevoked());
    return count(ended, "schedules", removed.schedulesDeleted());
  }

  private static boolean count(Map<String, Long> ended, String what, long many) {
    ended.merge(what, many, Long::sum);
    return true;
  }

  private Future<Void> revokeAll(Principal principal, TenantScope scope, Map<String, Long> ended) {
    return channels
        .list(principal, null)
        .compose(
            all -> {
              List<String> open =
                  all.stream().filter(TenantDeparture::isOpen).map(Channel::id).toList();
              return open.isEmpty()
                  ? Future.succeededFuture()
                  : channels
                      .revokeAll(principal, open, "tenant %s was erased".formatted(scope.tenant()))
                      .compose(
                          revoked -> {
                            count(ended, "channels", revoked);
                            return revokeAll(principal, scope, ended);
                          });
            });
  }

  private static boolean isOpen(Channel channel) {
    return channel.status() == Status.ACTIVE || channel.status() == Status.PROPOSED;
  }

  private static <T> Future<Void> oneByOne(List<T> all, Function<T, Future<Boolean>> each) {
    Future<Void> done = Future.succeededFuture();
    for (T one : all) {
      done = done.compose(before -> each.apply(one).mapEmpty());
    }
    return done;
  }
}
