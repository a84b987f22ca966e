package dev.parley.hub.chat;

import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.PayloadText;
import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.agent.RunIds;
import dev.parley.hub.agent.RunListener;
import dev.parley.hub.session.RunEnd;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.Sessions;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Starts, stops and remembers runs. A run is known by the idempotency key its client chose: sent
 * again with the same input it is not run again, with another input it is a conflict.
 */
public final class Chats implements RunListener {

  /** How far a run is, as {@code chat.send} answers it. */
  public record Ticket(String runId, String status) {}

  /**
   * How a run ended.
   *
   * @param text what the agent said, as far as it came
   * @param failure why it failed, or null
   */
  public record Outcome(
      RunStatus status, String text, @Nullable String failure, long startedAt, long endedAt) {}

  /** A run under way, with what the agent has said since its last tool call. */
  public record InFlight(String runId, String text) {}

  /**
   * What is under way in a session.
   *
   * @param active the ids of its runs, also of those that no chat started
   * @param inFlight a run that a chat started, or null
   */
  public record SessionState(Set<String> active, @Nullable InFlight inFlight) {
    static final SessionState QUIET = new SessionState(Set.of(), null);

    /** What this node and another know of the same session. */
    SessionState and(SessionState other) {
      Set<String> all = new LinkedHashSet<>(active);
      all.addAll(other.active);
      return new SessionState(
          Collections.unmodifiableSet(all), inFlight != null ? inFlight : other.inFlight);
    }
  }

  private final Agents agents;
  private final Sessions sessions;
  private final Switchboard switchboard;
  private final Clock clock;
  private final ChatRuns runs;
  private final FollowedRuns followed;
  private volatile @Nullable ChatRelay others;

  /**
   * Starts without runs.
   *
   * @param watchers is told of every run, also of those that no chat started
   */
  public Chats(
      Agents agents,
      Sessions sessions,
      Switchboard switchboard,
      RunIds runIds,
      Clock clock,
      RunListener watchers) {
    this.agents = agents;
    this.sessions = sessions;
    this.switchboard = switchboard;
    this.clock = clock;
    this.runs = new ChatRuns(runIds, clock, watchers);
    this.followed = new FollowedRuns(sessions, runs, clock);
  }

  /** Says how to reach the chats of other nodes; without it there is this node only. */
  void sharedThrough(ChatRelay relay) {
    others = relay;
  }

  ChatRuns runs() {
    return runs;
  }

  FollowedRuns followed() {
    return followed;
  }

  /** Runs of other nodes whose ends clients of this node wait for. */
  public long followedCount() {
    return followed.count();
  }

  /**
   * Sends a message to an own agent, whose place keeps the chat.
   *
   * @param runId the client's idempotency key
   * @param timeoutMs how long the run may take, 0 for the default
   * @return once the run is admitted; fails with {@code not_found}, {@code conflict}, or what the
   *     switchboard refuses with
   */
  public Future<Ticket> send(
      Principal caller,
      TenantScope scope,
      SessionKey session,
      String message,
      String runId,
      long timeoutMs) {
    ChatRelay relay = others;
    Optional<String> place =
        relay == null ? Optional.empty() : relay.placeOf(scope.tenant(), session.agent());
    return relay != null && place.isPresent()
        ? relay.send(place.get(), caller, scope, session, message, runId, timeoutMs)
        : sendHere(caller, scope, session, message, runId, timeoutMs);
  }

  /** As {@link #send}, and keeps the chat on this node. */
  Future<Ticket> sendHere(
      Principal caller,
      TenantScope scope,
      SessionKey session,
      String message,
      String runId,
      long timeoutMs) {
    Run run = new Run(scope.tenant(), session, runId);
    ChatRun present = runs.find(RunKey.of(run));
    if (present != null) {
      return repeated(present, run, message);
    }
    return agents
        .get(scope, session.agent())
        .compose(
            definition ->
                sessions
                    .statusOf(scope, session, runId, message)
                    .compose(
                        before ->
                            before.isPresent()
                                ? known(scope, run, message, before.get())
                                : start(caller, scope, definition, run, message, timeoutMs)));
  }

  /** Stops the runs of a session, or one of them; answers the ids of those that were stopped. */
  public Future<List<String>> abort(
      TenantId tenant, @Nullable SessionKey session, @Nullable String runId) {
    List<String> here = runs.abort(tenant, session, runId);
    ChatRelay relay = others;
    return relay == null || !here.isEmpty()
        ? Future.succeededFuture(here)
        : relay.stop(tenant, session, runId);
  }

  /**
   * What is under way in these sessions.
   *
   * @param running those of them whose row says that a run is under way: a node that was their
   *     place before may still have it, so all nodes are asked
   */
  public Future<Map<SessionKey, SessionState>> states(
      TenantId tenant, Set<SessionKey> of, Set<SessionKey> running) {
    Map<SessionKey, SessionState> here = new HashMap<>();
    of.forEach(session -> here.put(session, runs.state(tenant, session)));
    ChatRelay relay = others;
    return relay == null
        ? Future.succeededFuture(here)
        : relay
            .states(tenant, of, running)
            .map(
                elsewhere -> {
                  elsewhere.forEach(
                      (session, state) -> here.merge(session, state, SessionState::and));
                  return here;
                });
  }

  /**
   * How a run ends, when it ends.
   *
   * @param patience how long to wait for a run of another node
   * @return fails with {@code not_found} when no node knows it, and with {@code unavailable} when
   *     one that does not answer may
   */
  public Future<Outcome> outcome(TenantId tenant, String runId, Duration patience) {
    Future<Outcome> here = outcomeHere(tenant, runId);
    ChatRelay relay = others;
    if (here != null) {
      return here;
    }
    return relay == null
        ? Future.failedFuture(ParleyException.notFound("run"))
        : relay.outcome(tenant, runId, patience);
  }

  /** How a run ends that this node keeps or follows; null when it knows none. */
  @Nullable Future<Outcome> outcomeHere(TenantId tenant, String runId) {
    RunKey key = new RunKey(tenant, runId);
    Future<Outcome> kept = runs.outcome(key);
    return kept != null ? kept : followed.outcome(key);
  }

  @Override
  public void on(RunEvent event) {
    runs.on(event);
  }

  /**
   * The answer for a run that the transcript knows. One that has no end there and is under way on
   * no node was lost with the node that ran it: it ends here.
   */
  private Future<Ticket> known(TenantScope scope, Run run, String message, RunStatus status) {
    ChatRun present = runs.find(RunKey.of(run));
    if (present != null) {
      return repeated(present, run, message);
    }
    Ticket ticket = new Ticket(run.runId(), status.answer());
    if (status != RunStatus.RUNNING || runs.isUnderWay(run)) {
      return Future.succeededFuture(ticket);
    }
    ChatRelay relay = others;
    Future<Boolean> elsewhere =
        relay == null ? Future.succeededFuture(false) : relay.isUnderWay(run);
    return elsewhere.compose(
        there -> there ? Future.succeededFuture(ticket) : lost(scope, run, message));
  }

  private Future<Ticket> lost(TenantScope scope, Run run, String message) {
    RunEnd lost = new RunEnd(RunStatus.FAILED, null, 0, 0, 0);
    return sessions
        .endRun(scope, run.session(), run.runId(), lost)
        .map(new Ticket(run.runId(), RunStatus.FAILED.answer()))
        .recover(
            failure ->
                failure instanceof ParleyException refusal && refusal.code() == ErrorCode.CONFLICT
                    ? ended(scope, run, message)
                    : Future.failedFuture(failure));
  }

  /** It ended while it was asked about. */
  private Future<Ticket> ended(TenantScope scope, Run run, String message) {
    return sessions
        .statusOf(scope, run.session(), run.runId(), message)
        .map(status -> new Ticket(run.runId(), status.orElse(RunStatus.FAILED).answer()));
  }

  private Future<Ticket> repeated(ChatRun present, Run run, String message) {
    if (!present.sameInput(message) || !present.run().equals(run)) {
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.INVALID_REQUEST,
                  "the idempotency key was used for another message; choose a new one")
              .with("field", "idempotencyKey")
              .with("reason", "chat-request-conflict"));
    }
    return Future.succeededFuture(new Ticket(run.runId(), RunStatus.RUNNING.answer()));
  }

  private Future<Ticket> start(
      Principal caller,
      TenantScope scope,
      AgentDefinition definition,
      Run run,
      String message,
      long timeoutMs) {
    ChatRun chat = new ChatRun(run, message, clock.millis());
    ChatRun raced = runs.add(chat);
    if (raced != null) {
      return repeated(raced, run, message);
    }
    MessageId id = runs.open(run);
    Promise<Ticket> admitted = Promise.promise();
    try {
      CallOrder order =
          new CallOrder(
              caller,
              null,
              new AgentAddress(run.tenant(), definition.id()),
              PayloadText.write(message),
              run.session().toString(),
              timeoutMs,
              Kind.STREAM,
              null,
              id,
              null);
      RemoteTranscript remote =
          definition.kind() == AgentDefinition.Kind.REMOTE
              ? new RemoteTranscript(run, scope, sessions, clock, this)
              : null;
      Outgoing call =
          switchboard.prepare(
              order,
              remote == null ? Switchboard.Chunks.IGNORED : (mid, piece) -> remote.chunk(piece));
      chat.startedBy(call);
      call.start(
          () -> {
            if (remote != null) {
              remote.begin(message);
            }
            admitted.tryComplete(new Ticket(run.runId(), "started"));
          },
          reply -> {
            if (remote != null) {
              remote.finish(PayloadText.of(reply.payload()));
            }
          },
          failure -> {
            if (admitted.tryFail(failure)) {
              runs.forget(chat);
            } else if (remote != null) {
              remote.fail(failure);
            } else if (!chat.begun()) {
              failUnbegun(scope, chat, failure);
            }
          });
    } catch (ParleyException refusal) {
      runs.forget(chat);
      return Future.failedFuture(refusal);
    }
    return admitted.future();
  }

  /** The run ended before its agent took it up, so that nobody else says so. */
  private void failUnbegun(TenantScope scope, ChatRun chat, ParleyException failure) {
    sessions
        .describe(scope, chat.run().session())
        .otherwise(unavailable -> null)
        .onSuccess(
            row ->
                on(
                    failure.code() == ErrorCode.CANCELLED
                        ? new RunEvent.Aborted(chat.run(), "", row, chat.startedAt())
                        : new RunEvent.Failed(chat.run(), failure, row, chat.startedAt())));
  }
}
