package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.hub.cluster.Leases;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.cluster.Renewal;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;

/**
 * The sessions of a tenant on other nodes. Each node tells the others for which tenants it has
 * sessions, by a lease that it renews, and asks them for the same when it joins; an event of a
 * tenant goes to those nodes and to no others, in the order in which it happened. Who is connected
 * there is told likewise, and kept only for tenants that have sessions here, and no longer than the
 * lease.
 */
final class FeedRelay implements Renewal.Teller {
  private static final long SWEEP_MS = 5_000;
  private static final int MAX_TENANTS = 1_000_000;
  private static final int BATCH = 500;
  private static final String HERE = "feed-here";
  private static final String GONE = "feed-gone";
  private static final String EVENT = "feed-event";
  private static final String WHO = "feed-who";
  private static final String PRESENT = "feed-present";

  /** The first line of an event; the second is its payload as it is. */
  private record Head(String tenant, Audience audience, String event) {}

  private final Vertx vertx;
  private final Placement placement;
  private final NodeBus bus;
  private final TenantFeed feed;
  private final PresenceFeed presence;
  private final Renewal renewal;
  private final Leases<TenantId> interested =
      new Leases<>(Renewal.LEASE, MAX_TENANTS, System::nanoTime);
  private final ConcurrentMap<TenantId, Map<String, JsonNode>> present = new ConcurrentHashMap<>();
  private Set<String> members = Set.of();
  private volatile boolean stopped;
  private long timer;

  FeedRelay(Vertx vertx, Placement placement, NodeBus bus, TenantFeed feed, PresenceFeed presence) {
    this.vertx = vertx;
    this.placement = placement;
    this.bus = bus;
    this.feed = feed;
    this.presence = presence;
    this.renewal = new Renewal(vertx, placement, bus, WHO, this);
  }

  void start() {
    bus.onMessage(HERE, this::onHere);
    bus.onMessage(GONE, this::onGone);
    bus.onMessage(EVENT, this::onEvent);
    bus.onMessage(PRESENT, this::onPresent);
    placement.onChange(this::membersChanged);
    renewal.start();
    timer = vertx.setPeriodic(SWEEP_MS, passed -> sweep());
  }

  /** Tells the other nodes nothing any more. */
  void stop() {
    stopped = true;
    renewal.stop();
    vertx.cancelTimer(timer);
  }

  /**
   * The tenant has got its first session here, or lost its last; to be called in the order in which
   * that happens, so that the last word is true.
   */
  void changed(TenantId tenant, boolean here) {
    if (!here) {
      present.remove(tenant);
    }
    others().forEach(node -> bus.send(node, here ? HERE : GONE, "", tenant.value()));
  }

  boolean isInterested(TenantId tenant) {
    return !interested.nodesOf(tenant).isEmpty();
  }

  void publish(TenantId tenant, Audience audience, String event, RawJson payload) {
    List<String> nodes = interested.nodesOf(tenant);
    if (nodes.isEmpty()) {
      return;
    }
    String text = Json.write(new Head(tenant.value(), audience, event)) + "\n" + payload.text();
    nodes.forEach(node -> bus.send(node, EVENT, "", text));
  }

  /** Tells the other nodes who is connected to this one. */
  void publishPresence(TenantId tenant) {
    interested.nodesOf(tenant).forEach(node -> tellPresence(node, tenant));
  }

  /** Who is connected to other nodes. */
  List<JsonNode> present(TenantId tenant) {
    Map<String, JsonNode> byNode = present.getOrDefault(tenant, Map.of());
    List<JsonNode> all = new ArrayList<>();
    interested
        .nodesOf(tenant)
        .forEach(node -> byNode.getOrDefault(node, MissingNode.getInstance()).forEach(all::add));
    return all;
  }

  /** Says nothing of a tenant whose last session has gone, as that was told before. */
  private void tellPresence(String node, TenantId tenant) {
    feed.whileHere(
        tenant, () -> bus.send(node, PRESENT, tenant.value(), Json.write(presence.here(tenant))));
  }

  private void onHere(Received message) {
    message.text().lines().map(TenantId::new).forEach(tenant -> renew(tenant, message.from()));
  }

  private void renew(TenantId tenant, String node) {
    if (interested.renew(tenant, node)) {
      tellPresence(node, tenant);
    }
  }

  private void onGone(Received message) {
    TenantId tenant = new TenantId(message.text());
    interested.drop(tenant, message.from());
    forget(tenant, message.from());
  }

  private void onEvent(Received message) {
    int end = message.text().indexOf('\n');
    Head head = Json.read(message.text().substring(0, end), Head.class);
    feed.publishHere(
        new TenantId(head.tenant),
        head.audience,
        head.event,
        new RawJson(message.text().substring(end + 1)));
  }

  private void onPresent(Received message) {
    TenantId tenant = new TenantId(message.id());
    String node = message.from();
    if (!placement.nodes().contains(node)) {
      return;
    }
    renew(tenant, node);
    if (!feed.hasSessions(tenant)) {
      return;
    }
    JsonNode entries = Json.parse("presence", message.text());
    JsonNode before =
        present.computeIfAbsent(tenant, key -> new ConcurrentHashMap<>()).put(node, entries);
    if (!entries.equals(before)) {
      presence.publishHere(tenant);
    }
  }

  /** Forgets who is connected to nodes that have fallen silent, and what was told in between. */
  private void sweep() {
    present.keySet().removeIf(tenant -> !feed.hasSessions(tenant));
    present.forEach(
        (tenant, byNode) -> {
          List<String> alive = interested.nodesOf(tenant);
          byNode.keySet().stream()
              .filter(node -> !alive.contains(node))
              .forEach(node -> forget(tenant, node));
        });
  }

  private void forget(TenantId tenant, String node) {
    Map<String, JsonNode> nodes = present.get(tenant);
    if (nodes != null && nodes.remove(node) != null) {
      presence.publishHere(tenant);
    }
  }

  /** Places mean nothing here. */
  private synchronized void membersChanged() {
    Set<String> nodes = placement.nodes();
    if (!nodes.equals(members)) {
      members = nodes;
      renewal.changed();
    }
  }

  @Override
  public void keepOnly(Set<String> nodes) {
    interested.keepOnly(nodes);
    sweep();
  }

  @Override
  public void tell(Set<String> nodes) {
    List<String> tenants = feed.tenants().stream().map(TenantId::value).toList();
    for (int from = 0; from < tenants.size(); from += BATCH) {
      String lines =
          String.join("\n", tenants.subList(from, Math.min(tenants.size(), from + BATCH)));
      others().filter(nodes::contains).forEach(node -> bus.send(node, HERE, "", lines));
    }
  }

  private Stream<String> others() {
    return stopped
        ? Stream.empty()
        : placement.nodes().stream().filter(node -> !node.equals(placement.self()));
  }
}
