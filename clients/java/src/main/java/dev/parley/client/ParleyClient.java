package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a hub that outlives its sockets. Thread-safe.
 *
 * <p>When the socket is lost, requests that carry an {@code idempotencyKey} or a {@code messageId}
 * are sent again on the next one; others fail with {@code unavailable} and {@code details.code =
 * connection_lost}, for nobody knows whether the hub did them. Events go on where they stopped.
 */
public final class ParleyClient implements AutoCloseable {
  private static final Duration CALL_GRACE = Duration.ofSeconds(5);

  private final ClientOptions options;
  private final HubConnection connection;
  private final ChatRuns runs;
  private final AtomicLong ids = new AtomicLong();
  private final Map<String, List<Consumer<JsonNode>>> listeners = new ConcurrentHashMap<>();
  private final @Nullable AgentSide agentSide;

  /** What an agent hears of its connection: called one at a time and in order. */
  interface AgentSide {
    void onRequest(Frame.Request request, Socket from);

    /** The hub sent {@code agent.cancelled}. */
    void onCancelled(RawJson payload);

    /** The hub sent {@code stream.credit}. */
    void onCredit(RawJson payload);

    void onLost();
  }

  ParleyClient(ClientOptions options, @Nullable AgentSide agentSide) {
    this.options = options;
    this.agentSide = agentSide;
    this.connection = new HubConnection(options, new Incoming());
    this.runs = new ChatRuns(this, connection);
    connection.ended().thenAccept(runs::end);
  }

  public static ParleyClientBuilder builder() {
    return new ParleyClientBuilder();
  }

  CompletableFuture<ParleyClient> start() {
    return connection.start().thenApply(hello -> this);
  }

  /** What the hub said when it let this client in, the last time. */
  public Hello hello() {
    Hello hello = connection.hello();
    if (hello == null) {
      throw Failures.notConnected();
    }
    return hello;
  }

  /** Completes, never exceptionally, with the reason for which this client has ended for good. */
  public CompletableFuture<ParleyException> ended() {
    return connection.ended().copy();
  }

  /**
   * Sends a request.
   *
   * @param method an operation of the contract, for example {@code agents.list}
   * @param params a JSON object or a record; null for none
   * @return the result; fails with the hub's refusal, {@code deadline_exceeded}, {@code
   *     unavailable}, {@code payload_too_large}, or {@code rate_limited} when too much is waiting
   */
  public CompletableFuture<JsonNode> request(String method, @Nullable Object params) {
    return request(method, params, options.requestTimeout());
  }

  /** Sends a request with its own timeout; see {@link #request(String, Object)}. */
  public CompletableFuture<JsonNode> request(
      String method, @Nullable Object params, Duration timeout) {
    RawJson raw = params == null ? RawJson.EMPTY_OBJECT : Payloads.raw(params);
    PendingRequest request =
        new PendingRequest(nextId(), method, raw, isRepeatable(raw), /* reading= */ null);
    connection.requests().add(request, Math.max(1, timeout.toMillis()));
    return Stages.result(
        request.answer(),
        answer -> Json.parse("answer", answer.text()),
        options.executor(),
        () -> connection.requests().forget(request));
  }

  /**
   * Calls an agent and waits for its reply. Cancelling the future cancels the call at the hub.
   *
   * @param to {@code tenant/agent} or {@code market:tenant/listing}
   * @param payload a string, a JSON tree, a record, or null
   */
  public CompletableFuture<CallResult> call(
      String to, @Nullable Object payload, CallOptions callOptions) {
    return call(to, payload, callOptions, null);
  }

  /** Calls an agent with the {@link CallOptions#defaults() defaults}. */
  public CompletableFuture<CallResult> call(String to, @Nullable Object payload) {
    return call(to, payload, CallOptions.defaults());
  }

  /**
   * Calls an agent and takes its reply in pieces. The agent sends no more than {@link
   * CallOptions#window} pieces ahead of the listener. When the socket is lost, the stream goes on
   * after the reconnect without a gap or a repeat, if the hub kept what is missing; else it fails
   * with {@code conflict} and {@code details.reason} {@code chunks_lost}, or {@code unavailable}.
   *
   * @param onChunk takes each piece, in order, all before the result completes
   */
  public CompletableFuture<CallResult> stream(
      String to, @Nullable Object payload, CallOptions callOptions, Consumer<JsonNode> onChunk) {
    String chosen = callOptions.messageId();
    String id = chosen == null ? MessageId.next().value() : chosen;
    return call(
        to,
        payload,
        callOptions.messageId(id),
        new StreamReading(id, callOptions.window(), onChunk));
  }

  /** Streams with the {@link CallOptions#defaults() defaults}. */
  public CompletableFuture<CallResult> stream(
      String to, @Nullable Object payload, Consumer<JsonNode> onChunk) {
    return stream(to, payload, CallOptions.defaults(), onChunk);
  }

  /**
   * Puts a message into an agent's mailbox. It is sent again after a reconnect until the hub has
   * answered; the hub takes it once.
   *
   * @param to {@code tenant/agent} or {@code market:tenant/listing}
   * @param payload a string, a JSON tree, a record, or null
   * @return completes when the hub has the message for good; fails as {@link #request} does, with
   *     {@code conflict} when another message has this id, {@code mailbox_full} when the receiver
   *     has too much mail
   */
  public CompletableFuture<SentMessage> send(
      String to, @Nullable Object payload, SendOptions sendOptions) {
    return request("agent.send", CallRequest.params(to, payload, sendOptions))
        .thenApply(
            answer ->
                new SentMessage(answer.path("messageId").asText(), answer.path("status").asText()));
  }

  /** Sends a message with the {@link SendOptions#defaults() defaults}. */
  public CompletableFuture<SentMessage> send(String to, @Nullable Object payload) {
    return send(to, payload, SendOptions.defaults());
  }

  /** The memory of all agents of the tenant: what is put goes to its default agent. */
  public Memory memory() {
    return new Memory(this, null);
  }

  /** The memory of one agent of the tenant. */
  public Memory memory(String agent) {
    return new Memory(this, agent);
  }

  /** Sends a message to an own agent; the reply streams to the listener. */
  public ChatRun chat(ChatRequest request, ChatListener listener) {
    return runs.start(request, listener);
  }

  /**
   * Listens to an event, for example {@code channel.changed}.
   *
   * @return run it to stop listening
   */
  public Runnable on(String event, Consumer<JsonNode> listener) {
    List<Consumer<JsonNode>> of =
        listeners.computeIfAbsent(event, name -> new CopyOnWriteArrayList<>());
    of.add(listener);
    return () -> of.remove(listener);
  }

  /** Says goodbye; what is under way fails with {@code cancelled}. */
  @Override
  public void close() {
    connection.close();
  }

  ClientOptions options() {
    return options;
  }

  private CompletableFuture<CallResult> call(
      String to,
      @Nullable Object payload,
      CallOptions callOptions,
      @Nullable StreamReading reading) {
    PendingRequest request =
        new PendingRequest(
            nextId(),
            "agent.call",
            CallRequest.params(to, payload, callOptions, reading != null),
            callOptions.messageId() != null && callOptions.parent() == null && reading == null,
            reading);
    connection.requests().add(request, callOptions.timeout().plus(CALL_GRACE).toMillis());
    CompletableFuture<RawJson> answer = request.answer();
    return Stages.result(
        reading == null ? answer : Stages.after(answer, connection::execute),
        CallResult::of,
        options.executor(),
        () -> cancel(request));
  }

  private void cancel(PendingRequest call) {
    if (connection.requests().forget(call)) {
      var unused = request("agent.cancel", Json.object().put("id", call.id()));
    }
  }

  private String nextId() {
    return "r" + ids.incrementAndGet();
  }

  private static boolean isRepeatable(RawJson params) {
    Map<String, RawJson> members = FrameCodec.members(params);
    return members.containsKey("idempotencyKey") || members.containsKey("messageId");
  }

  /** Sends what comes in to those who wait for it. */
  private final class Incoming implements HubConnection.Peer {
    @Override
    public void onEvent(Frame.Event event) {
      RawJson payload = event.payload() == null ? RawJson.NULL : event.payload();
      if (agentSide != null && event.event().equals("agent.cancelled")) {
        agentSide.onCancelled(payload);
      } else if (agentSide != null && event.event().equals("stream.credit")) {
        agentSide.onCredit(payload);
      }
      runs.onEvent(event);
      List<Consumer<JsonNode>> interested = listeners.get(event.event());
      if (interested != null && !interested.isEmpty()) {
        JsonNode json = Json.parse(event.event(), payload.text());
        interested.forEach(listener -> listener.accept(json));
      }
    }

    @Override
    public void onChunk(PendingRequest stream, RawJson event) {
      StreamReading reading = stream.reading();
      if (reading == null) {
        return;
      }
      try {
        reading.take(event, more -> request("stream.credit", more).exceptionally(failure -> null));
      } catch (ParleyException missing) {
        stream.fail(missing);
        cancel(stream);
      }
    }

    @Override
    public void onRequest(Frame.Request request, Socket from) {
      if (agentSide != null) {
        agentSide.onRequest(request, from);
      } else {
        var unused =
            from.send(
                FrameCodec.error(
                    request.id(),
                    ParleyException.invalid("method", "this client answers no requests")));
      }
    }

    @Override
    public void onGap(Gap gap) {
      runs.onGap();
      options.onGap().accept(gap);
    }

    @Override
    public void onLost() {
      if (agentSide != null) {
        agentSide.onLost();
      }
    }
  }
}
