package dev.parley.hub.agent.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.cluster.Leases;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.cluster.Renewal;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Knows on which nodes remote agents have links: tells the places of this node's agents, keeps the
 * leases of the agents whose place is here, and asks for the others. A question that reaches a node
 * that is no longer the place is passed on once and no further.
 */
final class Whereabouts implements Renewal.Teller {
  private static final Duration ASK = Duration.ofSeconds(2);
  private static final Duration REMEMBERED = Duration.ofSeconds(10);
  private static final int MAX_AGENTS = 1_000_000;
  private static final int BATCH = 500;
  private static final String LINKED = "linked";
  private static final String UNLINKED = "unlinked";
  private static final String WHERE = "where";
  private static final String WHO = "links";
  private static final String PASSED_ON = "passed-on";

  private final Placement placement;
  private final NodeBus bus;
  private final RemoteAgents here;
  private final Leases<AgentAddress> leases =
      new Leases<>(Renewal.LEASE, MAX_AGENTS, System::nanoTime);
  private final Cache<AgentAddress, List<String>> remembered =
      Caffeine.newBuilder().maximumSize(MAX_AGENTS).expireAfterWrite(REMEMBERED).build();
  private final Renewal renewal;

  Whereabouts(Vertx vertx, Placement placement, NodeBus bus, RemoteAgents here) {
    this.placement = placement;
    this.bus = bus;
    this.here = here;
    this.renewal = new Renewal(vertx, placement, bus, WHO, this);
  }

  void start() {
    bus.onMessage(LINKED, this::onLinked);
    bus.onMessage(UNLINKED, this::onUnlinked);
    bus.onRequest(WHERE, this::onWhere);
    here.watchedBy(
        new RemoteAgents.Watcher() {
          @Override
          public void connected(AgentAddress address) {
            tell(LINKED, List.of(address), place -> true);
          }

          @Override
          public void gone(AgentAddress address) {
            tell(UNLINKED, List.of(address), place -> true);
          }
        });
    renewal.start();
  }

  void stop() {
    renewal.stop();
    here.watchedBy(RemoteAgents.Watcher.NOBODY);
  }

  /** Members or places have changed: what was known may be wrong, and new places know nothing. */
  void changed() {
    renewal.changed();
  }

  @Override
  public void keepOnly(Set<String> nodes) {
    remembered.invalidateAll();
    leases.keepOnly(nodes);
  }

  @Override
  public void tell(Set<String> nodes) {
    tell(LINKED, here.addresses(), nodes::contains);
  }

  /** The nodes that have a link to the agent; asks its place unless it did a moment ago. */
  Future<List<String>> of(AgentAddress agent) {
    List<String> known = remembered.getIfPresent(agent);
    return known != null ? Future.succeededFuture(known) : ask(agent);
  }

  /** As {@link #of}, and asks in any case. */
  Future<List<String>> ask(AgentAddress agent) {
    remembered.invalidate(agent);
    String place;
    try {
      place = placement.of(agent);
    } catch (ParleyException noOwner) {
      return Future.failedFuture(noOwner);
    }
    return place.equals(placement.self())
        ? Future.succeededFuture(leases.nodesOf(agent))
        : bus.request(place, WHERE, "", agent.toString(), ASK)
            .map(
                text -> {
                  List<String> nodes = text.isEmpty() ? List.of() : List.of(text.split(" "));
                  if (!nodes.isEmpty()) {
                    remembered.put(agent, nodes);
                  }
                  return nodes;
                });
  }

  private Future<String> onWhere(Received request) {
    AgentAddress agent = AgentAddress.parse(request.text());
    List<String> nodes = leases.nodesOf(agent);
    String place = placement.of(agent);
    return !nodes.isEmpty() || place.equals(placement.self()) || request.id().equals(PASSED_ON)
        ? Future.succeededFuture(String.join(" ", nodes))
        : bus.request(place, WHERE, PASSED_ON, request.text(), ASK);
  }

  private void onLinked(Received message) {
    message
        .text()
        .lines()
        .map(AgentAddress::parse)
        .filter(agent -> leases.renew(agent, message.from()))
        .forEach(here::connectedElsewhere);
  }

  private void onUnlinked(Received message) {
    message.text().lines().forEach(line -> leases.drop(AgentAddress.parse(line), message.from()));
  }

  private void tell(String kind, Iterable<AgentAddress> agents, Predicate<String> concerned) {
    Map<String, List<AgentAddress>> byPlace = new HashMap<>();
    for (AgentAddress agent : agents) {
      String place;
      try {
        place = placement.of(agent);
      } catch (ParleyException noOwner) {
        continue;
      }
      if (!concerned.test(place)) {
        continue;
      }
      List<AgentAddress> batch = byPlace.computeIfAbsent(place, key -> new ArrayList<>());
      batch.add(agent);
      if (batch.size() == BATCH) {
        tell(kind, place, batch);
        batch.clear();
      }
    }
    byPlace.forEach((place, batch) -> tell(kind, place, batch));
  }

  private void tell(String kind, String place, List<AgentAddress> agents) {
    if (place.equals(placement.self())) {
      for (AgentAddress agent : agents) {
        if (kind.equals(LINKED)) {
          leases.renew(agent, place);
        } else {
          leases.drop(agent, place);
        }
      }
    } else if (!agents.isEmpty()) {
      bus.send(
          place, kind, "", String.join("\n", agents.stream().map(AgentAddress::toString).toList()));
    }
  }
}
