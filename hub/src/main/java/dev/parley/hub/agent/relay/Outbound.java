package dev.parley.hub.agent.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.agent.AgentPresence;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.switchboard.Credits;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The calls of this node whose agents are on others. Each ends once: by what the other node says,
 * by its deadline or cancellation here, or at once when the other node has left the cluster. When a
 * node answers that the agent is not there, its place is asked anew and the message goes out once
 * more, and no more than that.
 */
final class Outbound {
  /** How long after its end a hosted agent's run may still settle what it spent. */
  private static final Duration SETTLES_WITHIN = Duration.ofMinutes(10);

  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final int MAX_ACCOUNTS = 200_000;
  private static final long LOOK_MS = 1_000;

  private final Vertx vertx;
  private final NodeBus bus;
  private final Whereabouts whereabouts;
  private final String self;
  private final AtomicLong ids = new AtomicLong();
  private final LongAdder broken = new LongAdder();
  private final Map<String, SentCall> sent = new ConcurrentHashMap<>();
  private final Cache<String, Account> accounts =
      Caffeine.newBuilder().maximumSize(MAX_ACCOUNTS).expireAfterAccess(SETTLES_WITHIN).build();

  private long timer;

  Outbound(Vertx vertx, NodeBus bus, Whereabouts whereabouts, String self) {
    this.vertx = vertx;
    this.bus = bus;
    this.whereabouts = whereabouts;
    this.self = self;
  }

  void start() {
    bus.onMessage(Wire.CHUNK, this::onChunk);
    bus.onMessage(Wire.REPLY, this::onReply);
    bus.onMessage(Wire.FAILURE, this::onFailure);
    bus.onMessage(Wire.ABSENT, this::onAbsent);
    bus.onRequest(Wire.RESERVE, this::onReserve);
    bus.onRequest(Wire.SETTLE, this::onSettle);
    bus.onRequest(Wire.RELEASE, this::onRelease);
    timer = vertx.setPeriodic(LOOK_MS, passed -> repeatCredits());
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  int count() {
    return sent.size();
  }

  /** How many replies came with a piece missing. */
  long brokenCount() {
    return broken.sum();
  }

  Endpoint toHosted(String node) {
    return delivery -> send(delivery, node, true, false);
  }

  Endpoint toRemote(String node) {
    return delivery -> send(delivery, node, false, false);
  }

  /**
   * How many more messages an agent takes that has links to these nodes; none when none answers.
   */
  Future<Integer> room(AgentAddress agent, List<String> nodes) {
    List<Future<Integer>> answers =
        nodes.stream()
            .filter(node -> !node.equals(self))
            .map(
                node ->
                    bus.request(node, Wire.ROOM, "", agent.toString(), ANSWER)
                        .map(Integer::valueOf)
                        .otherwise(0))
            .toList();
    return Future.all(answers)
        .map(all -> all.<Integer>list().stream().mapToInt(Integer::intValue).sum());
  }

  /** How far an agent is there on these nodes; those that do not answer do not have it. */
  Future<AgentPresence> presence(AgentAddress agent, List<String> nodes) {
    List<Future<AgentPresence>> answers =
        nodes.stream()
            .filter(node -> !node.equals(self))
            .map(
                node ->
                    bus.request(node, Wire.PRESENCE, "", agent.toString(), ANSWER)
                        .map(AgentPresence::valueOf)
                        .otherwise(AgentPresence.OFFLINE))
            .toList();
    return Future.all(answers)
        .map(
            all ->
                all.<AgentPresence>list().stream()
                    .reduce(AgentPresence.OFFLINE, AgentPresence::or));
  }

  /** One of the nodes, not this one. */
  Optional<String> oneOf(List<String> nodes) {
    List<String> others = nodes.stream().filter(node -> !node.equals(self)).toList();
    return others.isEmpty()
        ? Optional.empty()
        : Optional.of(others.get(ThreadLocalRandom.current().nextInt(others.size())));
  }

  /** Ends what is under way on nodes that are none of these. */
  void keepOnly(Set<String> nodes) {
    sent.forEach(
        (id, call) -> {
          if (!nodes.contains(call.node()) && sent.remove(id, call)) {
            call.delivery().fail(gone(call.delivery().envelope().to(), call.hosted()));
          }
        });
  }

  private void send(Delivery delivery, String node, boolean hosted, boolean again) {
    String id = Long.toString(ids.incrementAndGet(), Character.MAX_RADIX);
    SentCall call = new SentCall(delivery, node, hosted, again);
    sent.put(id, call);
    if (hosted) {
      accounts.put(id, delivery.account());
    }
    delivery.followCredits(
        credit -> {
          call.begin(credit);
          write(delivery, node, id, credit)
              .onFailure(
                  failure -> {
                    if (sent.remove(id, call)) {
                      delivery.fail(gone(delivery.envelope().to(), hosted));
                    }
                  });
        },
        more -> tellCredit(id, call, call.grant(more)));
    delivery.onCancel(
        reason -> {
          if (sent.remove(id, call)) {
            tellCancelled(id, call, reason);
          }
        });
  }

  private void tellCredit(String id, SentCall call, long total) {
    bus.send(call.node(), Wire.CREDIT, id, Long.toString(total));
  }

  private void tellCancelled(String id, SentCall call, ParleyException reason) {
    bus.send(call.node(), Wire.CANCEL, id, FrameCodec.toJson(reason).toString());
  }

  /** An agent that has not heard of its credit would wait until its deadline. */
  private void repeatCredits() {
    sent.forEach(
        (id, call) -> call.creditToRepeat().ifPresent(total -> tellCredit(id, call, total)));
  }

  private Future<Void> write(Delivery delivery, String node, String id, long credit) {
    String envelope = EnvelopeCodec.write(delivery.envelope()).text();
    if (delivery.attempt() > 0) {
      return bus.send(node, Wire.MAIL, id, new Numbered(delivery.attempt(), envelope).toString());
    }
    return credit == Credits.UNLIMITED
        ? bus.send(node, Wire.DELIVER, id, envelope)
        : bus.send(node, Wire.STREAM, id, new Numbered(credit, envelope).toString());
  }

  private void onChunk(Received message) {
    SentCall call = sent.get(message.id());
    if (call == null || !call.node().equals(message.from())) {
      return;
    }
    Numbered chunk = Numbered.parse(message.text());
    if (call.isNext(chunk.number())) {
      call.delivery().chunk(new RawJson(chunk.text()));
    } else if (sent.remove(message.id(), call)) {
      ParleyException lost = lost(call);
      tellCancelled(message.id(), call, lost);
      call.delivery().fail(lost);
    }
  }

  private void onReply(Received message) {
    SentCall call = take(message);
    if (call == null) {
      return;
    }
    Numbered reply = Numbered.parse(message.text());
    if (call.isWhole(reply.number())) {
      call.delivery().reply(new RawJson(reply.text()));
    } else {
      call.delivery().fail(lost(call));
    }
  }

  private void onFailure(Received message) {
    SentCall call = take(message);
    if (call != null) {
      call.delivery().fail(FrameCodec.toException(new RawJson(message.text())));
    }
  }

  private void onAbsent(Received message) {
    SentCall call = take(message);
    if (call == null) {
      return;
    }
    Delivery delivery = call.delivery();
    AgentAddress agent = delivery.envelope().to();
    if (call.again() || call.hosted()) {
      delivery.fail(gone(agent, call.hosted()));
      return;
    }
    whereabouts
        .ask(agent)
        .onSuccess(
            nodes ->
                oneOf(nodes)
                    .ifPresentOrElse(
                        node -> send(delivery, node, false, true),
                        () -> delivery.fail(gone(agent, false))))
        .onFailure(failure -> delivery.fail(gone(agent, false)));
  }

  private Future<String> onReserve(Received request) {
    Wire.Wish wish = Json.read(request.text(), Wire.Wish.class);
    return account(request).reserve(wish.tokens(), wish.millicents()).map(Json::write);
  }

  private Future<String> onSettle(Received request) {
    Wire.Settlement used = Json.read(request.text(), Wire.Settlement.class);
    return account(request)
        .settle(used.hold(), used.inputTokens(), used.outputTokens(), used.millicents())
        .map("");
  }

  private Future<String> onRelease(Received request) {
    return account(request).release(Json.read(request.text(), Account.Hold.class)).map("");
  }

  private Account account(Received request) {
    Account account = accounts.getIfPresent(request.id());
    if (account == null) {
      throw new ParleyException(
          ErrorCode.CONFLICT, "the call that this model call belongs to has ended long ago");
    }
    return account;
  }

  private @Nullable SentCall take(Received message) {
    SentCall call = sent.get(message.id());
    return call != null && call.node().equals(message.from()) && sent.remove(message.id(), call)
        ? call
        : null;
  }

  private ParleyException lost(SentCall call) {
    broken.increment();
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "a piece of the reply of agent %s was lost between nodes of the hub; call again"
                .formatted(call.delivery().envelope().to()))
        .with("reason", "reply_incomplete");
  }

  private static ParleyException gone(AgentAddress agent, boolean hosted) {
    return new ParleyException(
            hosted ? ErrorCode.UNAVAILABLE : ErrorCode.AGENT_OFFLINE,
            "the node of the hub on which agent %s was is gone".formatted(agent))
        .retryAfter(1_000);
  }
}
