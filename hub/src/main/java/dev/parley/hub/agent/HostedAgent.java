package dev.parley.hub.agent;

import dev.parley.hub.session.FencingToken;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An active hosted agent: a verticle of its own. Messages of one conversation are handled one after
 * the other, different conversations side by side, both up to a bound. Kept small: lists exist only
 * while there is work, and what a run needs lives in its {@link AgentRun}.
 */
final class HostedAgent extends VerticleBase implements Endpoint {
  private final AgentAddress address;
  private final HostedAgents host;
  private FencingToken token = FencingToken.NONE;
  private @Nullable Context loop;
  private @Nullable List<Delivery> waiting;
  private @Nullable List<AgentRun> runs;
  private long lastUsed = System.nanoTime();
  private boolean closed;

  HostedAgent(AgentAddress address, HostedAgents host) {
    this.address = address;
    this.host = host;
  }

  AgentAddress address() {
    return address;
  }

  @Override
  public Future<?> start() {
    return host.take(this).map(this::begin);
  }

  private @Nullable Void begin(FencingToken taken) {
    synchronized (this) {
      token = taken;
      loop = context;
    }
    pump();
    return null;
  }

  @Override
  public void deliver(Delivery delivery) {
    ParleyException refusal = null;
    boolean elsewhere = false;
    synchronized (this) {
      if (closed) {
        elsewhere = true;
      } else if (waiting != null && waiting.size() >= host.settings().maxWaiting()) {
        refusal = busy();
      } else {
        waiting = waiting == null ? new ArrayList<>(2) : waiting;
        waiting.add(delivery);
      }
    }
    if (refusal != null) {
      delivery.fail(refusal);
    } else if (elsewhere) {
      host.redeliver(address, delivery);
    } else {
      pump();
    }
  }

  synchronized AgentPresence presence() {
    if (loop == null) {
      return AgentPresence.WAKING;
    }
    return isBusy() ? AgentPresence.ONLINE : AgentPresence.IDLE;
  }

  /** Closes the agent for good when it has had nothing to do since {@code idleSince}. */
  synchronized boolean passivate(long idleSince) {
    if (loop == null || waiting != null || runs != null || lastUsed - idleSince > 0) {
      return false;
    }
    closed = true;
    return true;
  }

  /** Closes the agent for good: what waits for it fails. */
  void abandon(ParleyException reason) {
    shut().forEach(delivery -> delivery.fail(reason));
  }

  /** Stops taking messages and cancels the runs; completes when they have ended. */
  Future<Void> drain(ParleyException reason) {
    abandon(reason);
    return cancelRuns(reason);
  }

  /** Another activation has the agent: what has begun is given up, the rest begins anew. */
  Future<Void> giveWay(ParleyException reason) {
    shut().forEach(delivery -> host.redeliver(address, delivery));
    return cancelRuns(reason);
  }

  private synchronized List<Delivery> shut() {
    closed = true;
    List<Delivery> stranded = waiting == null ? List.of() : waiting;
    waiting = null;
    return stranded;
  }

  private Future<Void> cancelRuns(ParleyException reason) {
    List<AgentRun> stopping;
    synchronized (this) {
      stopping = runs == null ? List.of() : List.copyOf(runs);
    }
    List<Future<Void>> ended = new ArrayList<>();
    for (AgentRun run : stopping) {
      run.cancel(reason);
      ended.add(run.ended());
    }
    return Future.join(ended).mapEmpty();
  }

  /** Starts what can be started: the oldest messages whose conversation is not under way. */
  private void pump() {
    List<AgentRun> starting = new ArrayList<>(1);
    Context on;
    synchronized (this) {
      on = loop;
      lastUsed = System.nanoTime();
      if (on == null || waiting == null) {
        return;
      }
      Iterator<Delivery> oldest = waiting.iterator();
      while (oldest.hasNext() && running() < host.settings().maxConcurrentRuns()) {
        Delivery delivery = oldest.next();
        SessionKey session = sessionOf(delivery.envelope());
        if (delivery.ended()) {
          oldest.remove();
        } else if (!isBusy(session)) {
          oldest.remove();
          AgentRun run = new AgentRun(address, session, delivery, host, token, this::onEnded);
          runs = runs == null ? new ArrayList<>(1) : runs;
          runs.add(run);
          starting.add(run);
        }
      }
      if (waiting.isEmpty()) {
        waiting = null;
      }
    }
    starting.forEach(run -> on.runOnContext(go -> run.start()));
  }

  private void onEnded(AgentRun run) {
    synchronized (this) {
      if (runs != null) {
        runs.remove(run);
        runs = runs.isEmpty() ? null : runs;
      }
    }
    pump();
  }

  /** Whether a run is under way or a message waits. */
  synchronized boolean isBusy() {
    return waiting != null || runs != null;
  }

  private int running() {
    return runs == null ? 0 : runs.size();
  }

  private boolean isBusy(SessionKey session) {
    if (runs != null) {
      for (AgentRun run : runs) {
        if (run.session().equals(session)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * The session of a message. A person of the own tenant names it; everybody else gets one of the
   * caller's own, so that no conversation of one caller is ever shown to another.
   */
  private SessionKey sessionOf(Envelope envelope) {
    Party from = envelope.from();
    String prefix = "agent:" + address.agent() + ":";
    String conversation = envelope.conversation();
    if (from.tenant().equals(address.tenant())
        && from.agent() == null
        && conversation.startsWith(prefix)
        && conversation.length() > prefix.length()) {
      return new SessionKey(address.agent(), conversation.substring(prefix.length()));
    }
    return new SessionKey(address.agent(), "peer:" + from + ":" + conversation);
  }

  private ParleyException busy() {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "agent %s is busy: %d messages wait for it already"
                .formatted(address, host.settings().maxWaiting()))
        .with("limit", "agent_waiting")
        .with("owner", "agent " + address)
        .with("max", host.settings().maxWaiting())
        .retryAfter(1_000);
  }
}
