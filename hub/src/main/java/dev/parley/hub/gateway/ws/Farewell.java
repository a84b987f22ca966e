package dev.parley.hub.gateway.ws;

import dev.parley.hub.agent.RemoteAgents;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * Empties a hub that goes: tells every client, lets what is under way end, and closes each socket
 * as it becomes idle. Clients that know the event {@code shutdown} send nothing more on their
 * socket and go on elsewhere, each after a delay of its own.
 */
final class Farewell {
  private static final Duration GOODBYE = Duration.ofSeconds(2);

  /** What a client sent before it heard has come by then. */
  private static final Duration CROSSING = Duration.ofMillis(250);

  private static final long LOOK_MS = 20;

  /** At most so many clients are asked to be back at another node in a millisecond. */
  private static final int RETURNING_PER_MS = 2;

  private static final int SOONEST_MS = 50;
  private static final int LATEST_MS = 5_000;
  private static final int RESTART_MS = 3_000;

  private final Vertx vertx;
  private final RemoteAgents agents;
  private final Collection<WsConnection> connections;
  private final String reason;

  Farewell(Vertx vertx, RemoteAgents agents, Collection<WsConnection> connections, String reason) {
    this.vertx = vertx;
    this.agents = agents;
    this.connections = connections;
    this.reason = reason;
  }

  /**
   * Says it.
   *
   * @param limit time that what is under way gets
   * @param isElsewhere whether other nodes serve the clients meanwhile
   * @param isBusy whether something is under way that no socket waits for
   * @return when the sockets are gone and nothing is under way, or time is over
   */
  Future<Void> say(Duration limit, boolean isElsewhere, BooleanSupplier isBusy) {
    int spread = Math.min(LATEST_MS, SOONEST_MS + connections.size() / RETURNING_PER_MS);
    for (WsConnection connection : connections) {
      WsSession session = connection.session();
      if (session == null) {
        connection.close(CloseCode.SERVICE_RESTART, reason);
        continue;
      }
      int back = isElsewhere ? ThreadLocalRandom.current().nextInt(spread) : RESTART_MS;
      session.sendEvent(
          "shutdown", Json.raw(Json.object().put("reason", reason).put("restartExpectedMs", back)));
      if (session.link() != null) {
        agents.detach(session.link().address(), session.link());
      }
    }
    long start = System.nanoTime();
    Promise<Void> gone = Promise.promise();
    // On an event loop, because a periodic timer set from elsewhere may fire before it is known.
    vertx.runOnContext(
        go ->
            vertx.setPeriodic(
                0,
                LOOK_MS,
                timer -> {
                  Duration passed = Duration.ofNanos(System.nanoTime() - start);
                  if (look(passed, limit, isBusy)) {
                    vertx.cancelTimer(timer);
                    gone.tryComplete();
                  }
                }));
    return gone.future();
  }

  private boolean look(Duration passed, Duration limit, BooleanSupplier isBusy) {
    boolean isOver = passed.compareTo(limit) >= 0;
    boolean hasCrossed = passed.compareTo(CROSSING) >= 0;
    for (WsConnection connection : connections) {
      if (isOver || (hasCrossed && connection.isIdle())) {
        connection.close(CloseCode.SERVICE_RESTART, reason);
      }
    }
    if (connections.isEmpty() && (isOver || !isBusy.getAsBoolean())) {
      return true;
    }
    if (passed.compareTo(limit.plus(GOODBYE)) > 0) {
      connections.forEach(WsConnection::hangUp);
      return true;
    }
    return false;
  }
}
