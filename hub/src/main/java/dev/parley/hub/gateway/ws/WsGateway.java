package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.hub.gateway.ClientAddresses;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.Refusals;
import dev.parley.hub.stream.Streams;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ServerWebSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All sockets of this node: lets them in, keeps them alive, and closes them when their key is
 * revoked or their tenant suspended.
 */
public final class WsGateway {
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private final Vertx vertx;
  private final WsSettings settings;
  private final OperationTable operations;
  private final Authenticator authenticator;
  private final Tenants tenants;
  private final Agents agents;
  private final RemoteAgents remoteAgents;
  private final HubMetrics metrics;
  private final ClientAddresses addresses;
  private final Handshake handshake;
  private final TenantFeed feed = new TenantFeed();
  private final TenantEvents events = new TenantEvents(feed);
  private final RunFeed runFeed;
  private final PresenceFeed presence;
  private final Resumption resumption;
  private final WsStreams.Source streams;
  private final ConcurrentMap<String, WsConnection> connections = new ConcurrentHashMap<>();
  private final Places places;
  private final String version;
  private final Clock clock;
  private final long startedAt;
  private final long sweeper;
  private volatile @Nullable FeedRelay others;
  private volatile @Nullable String stopping;
  private long sweeps;

  /** What the gateway works with; made in {@code Hub}. */
  public record Parts(
      OperationTable operations,
      RequestValidator validator,
      Authenticator authenticator,
      TenantScopes scopes,
      Tenants tenants,
      Agents agents,
      RemoteAgents remoteAgents,
      Switchboard switchboard,
      Announcements announcements,
      HubMetrics metrics,
      ClientAddresses addresses,
      Clock clock,
      String version) {}

  public WsGateway(Vertx vertx, WsSettings settings, Parts parts) {
    this.vertx = vertx;
    this.settings = settings;
    this.operations = parts.operations;
    this.authenticator = parts.authenticator;
    this.tenants = parts.tenants;
    this.agents = parts.agents;
    this.remoteAgents = parts.remoteAgents;
    this.metrics = parts.metrics;
    this.addresses = parts.addresses;
    this.version = parts.version;
    this.clock = parts.clock;
    this.startedAt = clock.millis();
    this.runFeed = new RunFeed(feed, clock);
    this.presence = new PresenceFeed(vertx, feed);
    this.places = new Places(settings.maxConnections(), settings.maxHandshakes());
    this.resumption = new Resumption(settings, feed, this::evict);
    this.streams =
        new WsStreams.Source(
            new Streams(parts.switchboard, settings.streams(), clock).measuredBy(metrics),
            parts.validator);
    operations.on("stream.credit", streams::credit);
    this.handshake =
        new Handshake(
            this,
            parts.validator,
            parts.authenticator,
            parts.scopes,
            parts.agents,
            parts.remoteAgents,
            parts.switchboard);
    parts.announcements.listen(this::onAnnouncement, () -> confirmAll(session -> true));
    metrics.gauge("parley.connections", connections, ConcurrentMap::size);
    sweeper = vertx.setPeriodic(SWEEP.toMillis(), timer -> sweep());
  }

  /** Shares events and presence with the other nodes of a cluster. */
  public void sharedThrough(Placement placement, NodeBus bus) {
    FeedRelay relay = new FeedRelay(vertx, placement, bus, feed, presence);
    presence.sharedThrough(relay);
    others = relay;
    feed.sharedThrough(relay);
    relay.start();
  }

  /** Takes over an upgraded socket, on its event loop. */
  public void accept(ServerWebSocket socket) {
    WsConnection connection =
        new WsConnection(
            this,
            socket,
            vertx.getOrCreateContext(),
            places.take(),
            addresses.of(socket.remoteAddress(), socket.headers()));
    connections.put(connection.id(), connection);
    connection.open();
    String leaving = stopping;
    if (leaving != null) {
      connection.close(CloseCode.SERVICE_RESTART, leaving);
    } else if (!connection.place().granted()) {
      connection.close(CloseCode.TRY_AGAIN_LATER, "this hub has as many sockets as it takes");
    }
  }

  /** What the people of a tenant are told of what happens to it. */
  public TenantEvents events() {
    return events;
  }

  /** The listener that turns runs into events. */
  public RunFeed runFeed() {
    return runFeed;
  }

  /** Who of the tenant is connected; the first hundred when there are more. */
  public ArrayNode presence(TenantId tenant) {
    return presence.of(tenant);
  }

  public int connectionCount() {
    return connections.size();
  }

  /**
   * Tells every client that the hub goes, lets what is under way end, and closes the sockets.
   *
   * @param limit time that what is under way gets
   * @param isElsewhere whether other nodes serve the clients meanwhile
   * @param isBusy whether something is under way that no socket waits for
   */
  public Future<Void> shutdown(
      String reason, Duration limit, boolean isElsewhere, BooleanSupplier isBusy) {
    stopping = reason;
    vertx.cancelTimer(sweeper);
    return new Farewell(vertx, remoteAgents, connections.values(), reason)
        .say(limit, isElsewhere, isBusy)
        .onComplete(
            said -> {
              FeedRelay relay = others;
              if (relay != null) {
                relay.stop();
              }
            });
  }

  /** Counts the connection to its tenant; fails with {@code limit_exceeded}. */
  Future<Void> admit(WsConnection connection, Principal principal) {
    if (principal.role().isPlatform()) {
      connection.place().ofThePlatform();
      return Future.succeededFuture();
    }
    return tenants
        .get(principal.tenant())
        .map(
            tenant -> {
              connection.place().of(tenant.id(), Limits.value(tenant.limits().connections()));
              return null;
            });
  }

  /** A client has come in, or back. */
  void opened(WsSession session) {
    feed.add(session);
    if (session.link() != null) {
      remoteAgents.attach(session.link().address(), session.link());
    }
    presence.changed(session.principal().tenant());
  }

  /** The socket is gone. */
  void closed(WsConnection connection) {
    connections.remove(connection.id());
  }

  /** The session has lost its socket. */
  void ended(WsConnection connection, WsSession session) {
    if (session.link() == null) {
      resumption.keep(connection.id(), session);
    } else {
      feed.remove(session);
    }
    presence.changed(session.principal().tenant());
  }

  private void evict(String connectionId, Predicate<WsSession> allowed) {
    WsConnection connection = connections.get(connectionId);
    WsSession session = connection == null ? null : connection.session();
    if (connection != null && session != null && session.link() == null && allowed.test(session)) {
      connection.release();
      connection.close(CloseCode.NORMAL, "resumed on another socket");
    }
  }

  ParleyException toRefusal(Throwable failure) {
    return Refusals.of(failure);
  }

  /** The operations that this principal may invoke. */
  List<String> methods(Principal principal) {
    return operations.operations().stream()
        .filter(
            operation ->
                operation.permission() == null
                    || principal.may(Permission.of(operation.permission())))
        .map(Operation::name)
        .toList();
  }

  Handshake handshake() {
    return handshake;
  }

  WsStreams.Source streams() {
    return streams;
  }

  Resumption resumption() {
    return resumption;
  }

  OperationTable operations() {
    return operations;
  }

  WsSettings settings() {
    return settings;
  }

  HubMetrics metrics() {
    return metrics;
  }

  String version() {
    return version;
  }

  long now() {
    return clock.millis();
  }

  public long uptimeMs() {
    return now() - startedAt;
  }

  long after(Duration delay, Runnable action) {
    return vertx.setTimer(delay.toMillis(), timer -> action.run());
  }

  void cancel(long timer) {
    vertx.cancelTimer(timer);
  }

  /**
   * Once a second: lets go of expired sessions and closes sockets whose key has expired; every tick
   * interval, spread over its seconds by connection, sends tick and ping and closes sockets that
   * have been silent for three intervals.
   */
  private void sweep() {
    resumption.sweep();
    streams.streams().sweep();
    sweeps++;
    long interval = Math.max(1, settings.tickInterval().toSeconds());
    long silentSince = now() - 3 * settings.tickInterval().toMillis();
    RawJson tick = Json.raw(Json.object().put("ts", now()));
    for (WsConnection connection : connections.values()) {
      WsSession session = connection.session();
      if (session != null && session.validUntil() <= now()) {
        connection.close(
            CloseCode.POLICY_VIOLATION, "the API key or token has expired; get a new one");
        continue;
      }
      if (Math.floorMod(connection.id().hashCode(), interval) != sweeps % interval) {
        continue;
      }
      if (connection.lastHeard() < silentSince) {
        connection.close(CloseCode.POLICY_VIOLATION, "no sign of life");
      } else if (session != null) {
        session.log().tick(tick);
        connection.ping();
      }
    }
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.KeyChanged key) {
      confirmAll(
          session ->
              session.principal().keyId().equals(key.keyId())
                  && session.principal().tenant().value().equals(key.tenant()));
    } else if (change instanceof Announcement.AgentChanged agent) {
      AgentAddress changed =
          new AgentAddress(new TenantId(agent.tenant()), new AgentId(agent.agent()));
      confirmAll(session -> session.link() != null && session.link().address().equals(changed));
    } else if (change instanceof Announcement.TenantChanged tenant) {
      confirmAll(session -> session.principal().tenant().value().equals(tenant.tenant()));
    }
  }

  private void confirmAll(Predicate<WsSession> affected) {
    for (WsConnection connection : connections.values()) {
      WsSession session = connection.session();
      if (session != null && affected.test(session)) {
        confirm(connection, session);
      }
    }
  }

  /** Closes the socket unless its key is still good; also when it is revoked during connect. */
  private Future<Void> stillDefined(WsSession session) {
    WsAgentLink link = session.link();
    return link == null
        ? Future.succeededFuture()
        : agents
            .exists(link.address())
            .compose(
                there ->
                    there
                        ? Future.succeededFuture()
                        : Future.failedFuture(
                            new ParleyException(
                                ErrorCode.NOT_FOUND,
                                "agent %s was deleted".formatted(link.address()))));
  }

  void confirm(WsConnection connection, WsSession session) {
    authenticator
        .confirm(session.principal())
        .onSuccess(session::confirmed)
        .compose(valid -> stillDefined(session))
        .onFailure(
            failure -> {
              ParleyException refusal = toRefusal(failure);
              if (refusal.code() != ErrorCode.UNAVAILABLE) {
                connection.close(CloseCode.POLICY_VIOLATION, refusal.text());
              }
            });
  }
}
