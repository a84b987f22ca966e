package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a handler can do for the message it handles. Handling ends once, by the first of reply,
 * failure and cancellation; what comes after is ignored. Thread-safe.
 *
 * <p>It is bound to the socket that brought the message: when that is lost, the hub has told the
 * caller {@code agent_offline}, and the message is cancelled here.
 */
public final class AgentContext {
  private final ParleyClient client;
  private final ChunkQueue chunks;
  private final int maxPayload;
  private final String deliveryId;
  private final AgentMessage message;
  private final Consumer<AgentContext> onEnd;
  private final Consumer<@Nullable ParleyException> onHandled;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CompletableFuture<ParleyException> cancelled = new CompletableFuture<>();

  AgentContext(
      ParleyClient client,
      Socket socket,
      String deliveryId,
      AgentMessage message,
      long credit,
      Consumer<AgentContext> onEnd,
      Consumer<@Nullable ParleyException> onHandled) {
    this.client = client;
    this.chunks = new ChunkQueue(socket, credit, client.options().maxQueuedChars());
    this.maxPayload = client.hello().policy().maxPayload();
    this.deliveryId = deliveryId;
    this.message = message;
    this.onEnd = onEnd;
    this.onHandled = onHandled;
  }

  /**
   * Sends a piece of the reply to a caller that wants them ({@link Kind#STREAM}); to any other
   * caller nothing is sent.
   *
   * @param piece a string, a JSON tree, a record, or null
   * @return completes when the piece was handed to the network, which it is when the caller takes
   *     it: who waits for that before the next piece goes as fast as the caller reads. Fails with
   *     {@code rate_limited} when more waits to be sent than {@link
   *     ParleyClientBuilder#maxQueuedChars}, {@code payload_too_large}, {@code unavailable} when
   *     the socket is lost, {@code conflict} when the message has been answered, or the reason of
   *     the cancellation
   */
  public CompletableFuture<Void> chunk(@Nullable Object piece) {
    if (ended.get()) {
      return CompletableFuture.failedFuture(whyEnded());
    }
    if (message.kind() != Kind.STREAM) {
      return CompletableFuture.completedFuture(null);
    }
    String frame;
    try {
      frame = FrameCodec.event("agent.chunk", chunkPayload(Payloads.raw(piece)), 0);
      requireFits(frame);
    } catch (ParleyException unsendable) {
      return CompletableFuture.failedFuture(unsendable);
    }
    return Stages.after(chunks.add(frame), client.options().executor());
  }

  /** Whether the caller takes a piece now; else it would wait until the caller has read more. */
  public boolean hasCredit() {
    return chunks.hasCredit();
  }

  /**
   * Calls another agent as part of handling this message. The call is cancelled with this message
   * and does not outlive its deadline; the hub refuses it with {@code loop_detected} when the chain
   * of messages gets too long or comes back to an agent in it. It is sent at most once, also with a
   * message id.
   *
   * @see ParleyClient#call(String, Object, CallOptions)
   */
  public CompletableFuture<CallResult> call(
      String to, @Nullable Object payload, CallOptions options) {
    return isCancelled()
        ? CompletableFuture.failedFuture(whyEnded())
        : cancelledWithThis(client.call(to, payload, options.parent(message.id())));
  }

  /** Calls with the {@link CallOptions#defaults() defaults}. */
  public CompletableFuture<CallResult> call(String to, @Nullable Object payload) {
    return call(to, payload, CallOptions.defaults());
  }

  /**
   * Sends a message to another agent as part of handling this one.
   *
   * @see ParleyClient#send(String, Object, SendOptions)
   */
  public CompletableFuture<SentMessage> send(
      String to, @Nullable Object payload, SendOptions options) {
    return isCancelled()
        ? CompletableFuture.failedFuture(whyEnded())
        : client.send(to, payload, options.parent(message.id()));
  }

  /**
   * Calls another agent as {@link #call(String, Object, CallOptions)} and takes its reply in
   * pieces.
   *
   * @param onChunk takes each piece, in order, all before the result completes
   */
  public CompletableFuture<CallResult> stream(
      String to, @Nullable Object payload, CallOptions options, Consumer<JsonNode> onChunk) {
    return isCancelled()
        ? CompletableFuture.failedFuture(whyEnded())
        : cancelledWithThis(client.stream(to, payload, options.parent(message.id()), onChunk));
  }

  /**
   * Answers. A reply that the hub would not read is turned into a failure with {@code
   * payload_too_large}.
   *
   * @param value a string, a JSON tree, a record, or null
   * @return false when the handling had ended before
   */
  public boolean reply(@Nullable Object value) {
    String frame;
    try {
      frame = FrameCodec.ok(deliveryId, Payloads.raw(value));
      requireFits(frame);
    } catch (ParleyException unsendable) {
      return fail(unsendable);
    }
    boolean first = answer(frame);
    onHandled.accept(null);
    return first;
  }

  /**
   * Fails; the caller sees {@code agent_failed} with this message, and this code as {@code
   * details.agentCode}.
   *
   * @return false when the handling had ended before
   */
  public boolean fail(ParleyException failure) {
    boolean first = answer(Utf8.sendable(FrameCodec.error(deliveryId, failure)));
    onHandled.accept(failure);
    return first;
  }

  /**
   * Completes, never exceptionally, with the reason, when nobody waits for the answer any more: the
   * caller cancelled, the deadline passed, the channel was revoked, or the socket was lost.
   */
  public CompletableFuture<ParleyException> cancelled() {
    return cancelled.copy();
  }

  public boolean isCancelled() {
    return cancelled.isDone();
  }

  private CompletableFuture<CallResult> cancelledWithThis(CompletableFuture<CallResult> call) {
    cancelled.thenAccept(call::completeExceptionally);
    return call;
  }

  String deliveryId() {
    return deliveryId;
  }

  /** The caller takes so many pieces more. */
  void grant(long credit) {
    chunks.grant(credit);
  }

  void cancel(ParleyException reason) {
    boolean first = ended.compareAndSet(false, true);
    onEnd.accept(this);
    chunks.drop(reason);
    if (first) {
      cancelled.complete(reason);
    }
  }

  private boolean answer(String frame) {
    if (!ended.compareAndSet(false, true)) {
      return false;
    }
    chunks.answer(frame, () -> onEnd.accept(this));
    return true;
  }

  private RawJson chunkPayload(RawJson piece) {
    StringBuilder payload = new StringBuilder(32 + piece.text().length()).append("{\"id\":");
    FrameCodec.quote(payload, deliveryId);
    return new RawJson(payload.append(",\"payload\":").append(piece.text()).append('}').toString());
  }

  private void requireFits(String frame) {
    long size = Utf8.length(frame);
    if (size > maxPayload) {
      throw Failures.tooLarge(size, maxPayload);
    }
  }

  private ParleyException whyEnded() {
    ParleyException reason = cancelled.getNow(null);
    return reason != null
        ? reason
        : new ParleyException(
            ErrorCode.CONFLICT, "message %s has been answered already".formatted(message.id()));
  }
}
