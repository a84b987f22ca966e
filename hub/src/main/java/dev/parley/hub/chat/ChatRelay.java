package dev.parley.hub.chat;

import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Role;
import dev.parley.hub.access.Scope;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.chat.Chats.Outcome;
import dev.parley.hub.chat.Chats.SessionState;
import dev.parley.hub.chat.Chats.Ticket;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Chats across the nodes of a cluster. A chat is kept by the agent's place, whichever node its
 * client is on, so an idempotency key means one run in the whole cluster. The place confirms the
 * client's key anew and admits the run as it would one of its own clients. What reaches a node that
 * is no longer the place is passed on once and no further.
 */
public final class ChatRelay {
  private static final String SEND = "chat-send";
  private static final String STOP = "chat-stop";
  private static final String STATES = "chat-states";
  private static final String WAIT = "chat-wait";
  private static final String PASSED_ON = "passed-on";
  private static final Duration ADMISSION = Duration.ofSeconds(15);
  private static final Duration ANSWER = Duration.ofSeconds(2);

  private record Send(
      String tenant,
      String keyId,
      Role role,
      long validUntil,
      List<String> scopes,
      String session,
      String message,
      String runId,
      long timeoutMs) {
    AgentAddress agent() {
      return new AgentAddress(new TenantId(tenant), key(session).agent());
    }
  }

  /** A ticket, and the node that keeps the run. */
  private record Kept(String runId, String status, String node) {
    boolean isUnderWay() {
      return status.equals("started") || status.equals(RunStatus.RUNNING.answer());
    }
  }

  private record Stop(String tenant, @Nullable String session, @Nullable String runId) {}

  private record Stopped(List<String> runIds) {}

  private record Question(String tenant, List<String> sessions) {}

  private record States(Map<String, SessionState> bySession) {}

  private record Wait(String tenant, String runId) {}

  private final Placement placement;
  private final NodeBus bus;
  private final Chats chats;
  private final Authenticator authenticator;
  private final TenantScopes scopes;

  public ChatRelay(
      Placement placement,
      NodeBus bus,
      Chats chats,
      Authenticator authenticator,
      TenantScopes scopes) {
    this.placement = placement;
    this.bus = bus;
    this.chats = chats;
    this.authenticator = authenticator;
    this.scopes = scopes;
  }

  /** Begins to listen to the other nodes, and to send them what is theirs. */
  public void start() {
    bus.onRequest(SEND, this::onSend);
    bus.onRequest(STOP, this::onStop);
    bus.onRequest(STATES, this::onStates);
    bus.onRequest(WAIT, this::onWait);
    placement.onChange(() -> chats.followed().keepOnly(placement.nodes()));
    chats.sharedThrough(this);
  }

  /**
   * The node that keeps the chats of an agent; empty when it is this one.
   *
   * @throws ParleyException {@code unavailable} while there is none
   */
  Optional<String> placeOf(TenantId tenant, AgentId agent) {
    return Optional.of(placement.of(new AgentAddress(tenant, agent)))
        .filter(node -> !node.equals(placement.self()));
  }

  /** Sends a message to the agent's place, and follows its run until it ends. */
  Future<Ticket> send(
      String node,
      Principal caller,
      TenantScope scope,
      SessionKey session,
      String message,
      String runId,
      long timeoutMs) {
    Send wanted =
        new Send(
            caller.tenant().value(),
            caller.keyId(),
            caller.role(),
            caller.validUntil(),
            caller.scopes().stream().map(Scope::wireName).toList(),
            session.toString(),
            message,
            runId,
            timeoutMs);
    return bus.request(node, SEND, "", Json.write(wanted), ADMISSION)
        .map(
            text -> {
              Kept kept = Json.read(text, Kept.class);
              if (kept.isUnderWay()) {
                Run run = new Run(scope.tenant(), session, runId);
                chats
                    .followed()
                    .follow(
                        kept.node,
                        scope,
                        run,
                        message,
                        patience -> outcomeAt(kept.node, RunKey.of(run), patience));
              }
              return new Ticket(kept.runId, kept.status);
            });
  }

  private Future<Outcome> outcomeAt(String node, RunKey run, Duration patience) {
    Wait wanted = new Wait(run.tenant().value(), run.runId());
    return bus.request(node, WAIT, "", Json.write(wanted), patience)
        .map(text -> Json.read(text, Outcome.class));
  }

  private Future<String> onSend(Received request) {
    Send wanted = Json.read(request.text(), Send.class);
    String place = placement.of(wanted.agent());
    if (!place.equals(placement.self())) {
      return request.id().equals(PASSED_ON)
          ? Future.failedFuture(moving(wanted.agent()))
          : bus.request(place, SEND, PASSED_ON, request.text(), ADMISSION);
    }
    return authenticator
        .confirm(new TenantId(wanted.tenant), wanted.keyId, wanted.role, wanted.validUntil)
        .map(principal -> principal.narrowedTo(Scope.of(wanted.scopes)))
        .compose(
            principal ->
                chats.sendHere(
                    principal,
                    scopes.of(principal),
                    key(wanted.session),
                    wanted.message,
                    wanted.runId,
                    wanted.timeoutMs))
        .map(ticket -> Json.write(new Kept(ticket.runId(), ticket.status(), placement.self())));
  }

  private static ParleyException moving(AgentAddress agent) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "agent %s is on its way to another node".formatted(agent))
        .retryAfter(500);
  }

  /** Stops runs on whichever other nodes they are; answers their ids. */
  Future<List<String>> stop(TenantId tenant, @Nullable SessionKey session, @Nullable String runId) {
    Stop wanted = new Stop(tenant.value(), session == null ? null : session.toString(), runId);
    return ofAll(STOP, Json.write(wanted), Stopped.class, new Stopped(List.of()), ChatRelay::both)
        .map(Stopped::runIds);
  }

  private static Stopped both(Stopped one, Stopped other) {
    List<String> all = new ArrayList<>(one.runIds);
    all.addAll(other.runIds);
    return new Stopped(all);
  }

  private Future<String> onStop(Received request) {
    Stop wanted = Json.read(request.text(), Stop.class);
    SessionKey session = wanted.session == null ? null : key(wanted.session);
    return Future.succeededFuture(
        Json.write(
            new Stopped(chats.runs().abort(new TenantId(wanted.tenant), session, wanted.runId))));
  }

  /**
   * What other nodes know of these sessions, those that were {@code running} on any node and the
   * others at their place; nothing of a node that does not answer.
   */
  Future<Map<SessionKey, SessionState>> states(
      TenantId tenant, Set<SessionKey> sessions, Set<SessionKey> running) {
    Map<String, Set<SessionKey>> byNode = new HashMap<>();
    for (SessionKey session : sessions) {
      Stream<String> nodes =
          running.contains(session) ? others() : knownPlaceOf(tenant, session.agent()).stream();
      nodes.forEach(
          node -> byNode.computeIfAbsent(node, same -> new LinkedHashSet<>()).add(session));
    }
    List<Future<States>> answers = new ArrayList<>();
    byNode.forEach(
        (node, some) -> answers.add(statesAt(node, tenant, some).otherwise(new States(Map.of()))));
    return Future.all(answers)
        .map(
            all -> {
              Map<SessionKey, SessionState> states = new HashMap<>();
              for (States some : all.<States>list()) {
                some.bySession.forEach(
                    (session, state) -> states.merge(key(session), state, SessionState::and));
              }
              return states;
            });
  }

  private Future<States> statesAt(String node, TenantId tenant, Collection<SessionKey> sessions) {
    Question question =
        new Question(tenant.value(), sessions.stream().map(SessionKey::toString).toList());
    return bus.request(node, STATES, "", Json.write(question), ANSWER)
        .map(text -> Json.read(text, States.class));
  }

  /**
   * Whether another node has a run under way.
   *
   * @return fails with {@code unavailable} when one that may does not answer
   */
  Future<Boolean> isUnderWay(Run run) {
    List<Future<Boolean>> answers =
        others()
            .map(
                node ->
                    statesAt(node, run.tenant(), List.of(run.session()))
                        .map(
                            states ->
                                states.bySession.values().stream()
                                    .anyMatch(state -> state.active().contains(run.runId()))))
            .toList();
    return Future.join(answers)
        .transform(
            all -> {
              boolean there =
                  answers.stream().anyMatch(answer -> answer.succeeded() && answer.result());
              return there || all.succeeded()
                  ? Future.succeededFuture(there)
                  : Future.failedFuture(all.cause());
            });
  }

  private Optional<String> knownPlaceOf(TenantId tenant, AgentId agent) {
    try {
      return placeOf(tenant, agent);
    } catch (ParleyException noOwner) {
      return Optional.empty();
    }
  }

  private Future<String> onStates(Received request) {
    Question question = Json.read(request.text(), Question.class);
    Map<String, SessionState> states = new HashMap<>();
    for (String session : question.sessions) {
      states.put(session, chats.runs().state(new TenantId(question.tenant), key(session)));
    }
    return Future.succeededFuture(Json.write(new States(states)));
  }

  /**
   * The end of a run that another node may know.
   *
   * @return fails with {@code not_found} if all say that they do not, and with {@code unavailable}
   *     if one that does not answer may
   */
  Future<Outcome> outcome(TenantId tenant, String runId, Duration patience) {
    RunKey run = new RunKey(tenant, runId);
    List<Future<Outcome>> answers = others().map(node -> outcomeAt(node, run, patience)).toList();
    if (answers.isEmpty()) {
      return Future.failedFuture(ParleyException.notFound("run"));
    }
    return Future.any(answers)
        .transform(
            any ->
                answers.stream()
                    .filter(Future::succeeded)
                    .findFirst()
                    .orElseGet(() -> Future.failedFuture(unknown(answers))));
  }

  private static Throwable unknown(List<Future<Outcome>> answers) {
    return answers.stream()
        .map(Future::cause)
        .filter(
            cause ->
                !(cause instanceof ParleyException known && known.code() == ErrorCode.NOT_FOUND))
        .findFirst()
        .orElseGet(() -> ParleyException.notFound("run"));
  }

  private Future<String> onWait(Received request) {
    Wait wanted = Json.read(request.text(), Wait.class);
    Future<Outcome> outcome = chats.outcomeHere(new TenantId(wanted.tenant), wanted.runId);
    return outcome == null
        ? Future.failedFuture(ParleyException.notFound("run"))
        : outcome.map(Json::write);
  }

  private <T> Future<T> ofAll(
      String kind, String text, Class<T> type, T nothing, BinaryOperator<T> together) {
    List<Future<T>> answers =
        others()
            .map(
                node ->
                    bus.request(node, kind, "", text, ANSWER)
                        .map(answer -> Json.read(answer, type))
                        .otherwise(nothing))
            .toList();
    return Future.all(answers).map(all -> all.<T>list().stream().reduce(nothing, together));
  }

  private Stream<String> others() {
    return placement.nodes().stream().filter(node -> !node.equals(placement.self()));
  }

  private static SessionKey key(String full) {
    return SessionKey.parse(full, new AgentId("main"));
  }
}
