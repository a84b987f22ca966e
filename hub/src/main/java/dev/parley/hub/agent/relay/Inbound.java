package dev.parley.hub.agent.relay;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.loop.Edge;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.switchboard.Credits;
import dev.parley.hub.switchboard.RelayedDelivery;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.FrameCodec;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The calls of other nodes whose agents are here. */
final class Inbound {
  private static final int MAX_CALLS = 100_000;
  private static final long SWEEP_MS = 1_000;

  /** How long after its deadline a call is kept for the caller's node to end it. */
  private static final long GRACE_MS = 2_000;

  private record CallId(String node, String id) {}

  private record Running(RelayedDelivery call, long end, AtomicLong credit) {

    /** The caller takes so many chunks in all; fewer than were known before come from the past. */
    void takes(long total) {
      long before = credit.getAndAccumulate(total, Math::max);
      if (before != Credits.UNLIMITED && total > before) {
        call.grant(total - before);
      }
    }
  }

  private final Vertx vertx;
  private final NodeBus bus;
  private final Agents agents;
  private final RemoteAgents here;
  private final LoopBreaker loops;
  private final Clock clock;
  private final Map<CallId, Running> running = new ConcurrentHashMap<>();
  private long timer;

  Inbound(
      Vertx vertx, NodeBus bus, Agents agents, RemoteAgents here, LoopBreaker loops, Clock clock) {
    this.vertx = vertx;
    this.bus = bus;
    this.agents = agents;
    this.here = here;
    this.loops = loops;
    this.clock = clock;
  }

  void start() {
    bus.onMessage(
        Wire.DELIVER, message -> onDeliver(message, 0, Credits.UNLIMITED, message.text()));
    bus.onMessage(Wire.MAIL, this::onMail);
    bus.onMessage(Wire.STREAM, this::onStream);
    bus.onMessage(Wire.CREDIT, this::onCredit);
    bus.onRequest(
        Wire.ROOM,
        request ->
            Future.succeededFuture(
                Integer.toString(here.room(AgentAddress.parse(request.text())))));
    bus.onRequest(Wire.PRESENCE, this::onPresence);
    bus.onMessage(Wire.CANCEL, this::onCancel);
    timer = vertx.setPeriodic(SWEEP_MS, passed -> sweep());
  }

  void stop() {
    vertx.cancelTimer(timer);
  }

  int count() {
    return running.size();
  }

  /** Cancels what nodes have asked for that are none of these. */
  void keepOnly(Set<String> nodes) {
    running.forEach(
        (id, call) -> {
          if (!nodes.contains(id.node) && running.remove(id, call)) {
            call.call.cancel(cancelled("the caller's node is gone"));
          }
        });
  }

  private Future<String> onPresence(Received request) {
    AgentAddress agent = AgentAddress.parse(request.text());
    return agents
        .get(agent)
        .map(definition -> agents.presenceHere(agent, definition.kind()).name());
  }

  private void onMail(Received message) {
    Numbered mail = Numbered.parse(message.text());
    onDeliver(message, Math.toIntExact(mail.number()), Credits.UNLIMITED, mail.text());
  }

  private void onStream(Received message) {
    Numbered stream = Numbered.parse(message.text());
    onDeliver(message, 0, stream.number(), stream.text());
  }

  private void onCredit(Received message) {
    Running call = running.get(new CallId(message.from(), message.id()));
    if (call != null) {
      call.takes(Long.parseLong(message.text()));
    }
  }

  private void onDeliver(Received message, int attempt, long credit, String text) {
    CallId id = new CallId(message.from(), message.id());
    Envelope envelope = EnvelopeCodec.read(new RawJson(text));
    if (running.size() >= MAX_CALLS) {
      fail(
          id,
          new ParleyException(
                  ErrorCode.UNAVAILABLE, "the agent's node has as many calls as it takes")
              .retryAfter(200));
      return;
    }
    RelayedDelivery call =
        new RelayedDelivery(
            envelope,
            attempt,
            credit,
            new AskedAccount(bus, message.from(), message.id()),
            new Back(id));
    Running started =
        new Running(
            call, Math.max(envelope.deadline(), clock.millis()) + GRACE_MS, new AtomicLong(credit));
    if (running.putIfAbsent(id, started) != null) {
      return;
    }
    Edge passed = Edge.of(envelope.from(), envelope.to());
    if (passed != null && attempt <= 1) {
      loops.observe(passed, envelope.payload());
    }
    agents
        .locateHere(envelope.to())
        .onSuccess(
            endpoint -> {
              if (!call.delivery().ended()) {
                endpoint.deliver(call.delivery());
              }
            })
        .onFailure(failure -> notHere(id, started, failure));
  }

  private void notHere(CallId id, Running started, Throwable failure) {
    if (!running.remove(id, started)) {
      return;
    }
    if (failure instanceof ParleyException known && known.code() != ErrorCode.AGENT_OFFLINE) {
      fail(id, known);
    } else {
      bus.send(id.node, Wire.ABSENT, id.id, "");
    }
  }

  private void onCancel(Received message) {
    Running call = running.remove(new CallId(message.from(), message.id()));
    if (call != null) {
      call.call.cancel(FrameCodec.toException(new RawJson(message.text())));
    }
  }

  private void sweep() {
    long now = clock.millis();
    running.forEach(
        (id, call) -> {
          if (call.end < now && running.remove(id, call)) {
            call.call.cancel(cancelled("its deadline is over"));
          }
        });
  }

  private void fail(CallId id, ParleyException failure) {
    bus.send(id.node, Wire.FAILURE, id.id, FrameCodec.toJson(failure).toString());
  }

  private static ParleyException cancelled(String why) {
    return new ParleyException(ErrorCode.CANCELLED, "the call was cancelled: " + why);
  }

  /** Counts what it sends, so that the caller's node sees when something is missing. */
  private final class Back implements RelayedDelivery.Origin {
    private final CallId id;
    private long chunks;

    Back(CallId id) {
      this.id = id;
    }

    @Override
    public synchronized void chunk(RawJson payload) {
      bus.send(id.node, Wire.CHUNK, id.id, new Numbered(chunks, payload.text()).toString());
      chunks++;
    }

    @Override
    public synchronized void replied(RawJson payload) {
      if (running.remove(id) != null) {
        bus.send(id.node, Wire.REPLY, id.id, new Numbered(chunks, payload.text()).toString());
      }
    }

    @Override
    public void failed(ParleyException failure) {
      if (running.remove(id) != null) {
        fail(id, failure);
      }
    }
  }
}
