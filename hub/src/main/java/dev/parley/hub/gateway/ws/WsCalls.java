package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Reply;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.CallParams;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one socket: {@code agent.call} and {@code agent.cancel}, by request id. The hot
 * path; the payload goes through as text.
 */
final class WsCalls {
  private final WsConnection connection;
  private final Principal principal;
  private final Switchboard switchboard;
  private final WsStreams streams;
  private volatile @Nullable ConcurrentMap<String, Outgoing> outgoing;
  private @Nullable WsAgentLink link;
  private BiConsumer<String, RawJson> events = (event, payload) -> {};

  WsCalls(
      WsConnection connection, Principal principal, Switchboard switchboard, WsStreams streams) {
    this.connection = connection;
    this.principal = principal;
    this.switchboard = switchboard;
    this.streams = streams;
  }

  /** The link of the agent that makes these calls; its deliveries are their causes. */
  void madeBy(WsAgentLink agent) {
    link = agent;
  }

  /** Where the chunks of streamed replies go. */
  void sendEventsBy(BiConsumer<String, RawJson> sender) {
    events = sender;
  }

  void call(Frame.Request request) {
    String requestId = request.id();
    Outgoing call;
    try {
      principal.require(Permission.CALL);
      CallParams params = CallParams.parse(request.params());
      CallOrder order = order(params, request.traceparent());
      if (madeOutgoing().containsKey(requestId) || streams.reads(requestId)) {
        throw new ParleyException(
                ErrorCode.CONFLICT, "a call with this request id is under way on this connection")
            .with("field", "id");
      }
      if (params.credit() > 0) {
        streams.call(requestId, order, params.credit());
        return;
      }
      call = switchboard.prepare(order, chunks(requestId, params));
      madeOutgoing().put(requestId, call);
    } catch (ParleyException refusal) {
      connection.refuse(requestId, refusal);
      return;
    }
    call.start(reply -> onReply(requestId, reply), failure -> onFailure(requestId, failure));
  }

  void cancel(Frame.Request request) {
    try {
      principal.require(Permission.CALL);
      RawJson params = request.params();
      var json = Json.parseObject("params", params == null ? "{}" : params.text());
      if (!json.path("id").isTextual() || json.size() != 1) {
        throw ParleyException.invalid("id", "agent.cancel takes the id of an agent.call request");
      }
      Outgoing call = madeOutgoing().get(json.get("id").asText());
      boolean cancelled =
          call == null ? streams.cancel(json.get("id").asText()) : call.cancel("by its caller");
      connection.answer(request.id(), Json.raw(Json.object().put("cancelled", cancelled)));
    } catch (ParleyException refusal) {
      connection.refuse(request.id(), refusal);
    }
  }

  WsStreams streams() {
    return streams;
  }

  /** The socket is gone: nobody waits for these calls any more but for streams to be resumed. */
  void leave() {
    streams.leave();
    ConcurrentMap<String, Outgoing> made = outgoing;
    if (made != null) {
      made.values().forEach(call -> call.cancel("its caller disconnected"));
    }
  }

  /** Made with the first call: most sockets make none. */
  private ConcurrentMap<String, Outgoing> madeOutgoing() {
    ConcurrentMap<String, Outgoing> made = outgoing;
    if (made == null) {
      synchronized (this) {
        made = outgoing;
        if (made == null) {
          made = new ConcurrentHashMap<>(4);
          outgoing = made;
        }
      }
    }
    return made;
  }

  private CallOrder order(CallParams params, @Nullable String traceparent) {
    return new CallOrder(
        principal,
        params.from(),
        params.to(),
        params.payload(),
        params.conversation(),
        params.timeoutMs(),
        params.stream() ? Kind.STREAM : Kind.CALL,
        link == null ? null : link.cause(params.parent()),
        params.messageId() == null && params.credit() > 0 ? MessageId.next() : params.messageId(),
        traceparent);
  }

  private Switchboard.Chunks chunks(String requestId, CallParams params) {
    if (!params.stream()) {
      return Switchboard.Chunks.IGNORED;
    }
    AtomicInteger index = new AtomicInteger();
    return (message, payload) ->
        events.accept("agent.chunk", chunk(requestId, message, index.getAndIncrement(), payload));
  }

  /** The payload of {@code agent.chunk}. */
  static RawJson chunk(String requestId, MessageId message, long index, RawJson payload) {
    StringBuilder event = new StringBuilder(96 + payload.text().length());
    event.append("{\"requestId\":");
    FrameCodec.quote(event, requestId);
    event.append(",\"messageId\":\"").append(message.value());
    event.append("\",\"index\":").append(index);
    event.append(",\"payload\":").append(payload.text()).append('}');
    return new RawJson(event.toString());
  }

  private void onReply(String requestId, Reply reply) {
    madeOutgoing().remove(requestId);
    connection.answer(answer(requestId, reply));
  }

  /** The frame that answers a call. */
  static String answer(String requestId, Reply reply) {
    StringBuilder result = FrameCodec.openOk(requestId, 160 + reply.payload().text().length());
    result.append("{\"messageId\":\"").append(reply.message().value());
    result.append("\",\"from\":\"").append(reply.from());
    result.append("\",\"conversation\":\"").append(reply.conversation());
    if (reply.millicents() > 0 || reply.tokens() > 0) {
      result.append("\",\"charge\":{\"millicents\":").append(reply.millicents());
      result.append(",\"tokens\":").append(reply.tokens()).append("},\"payload\":");
    } else {
      result.append("\",\"payload\":");
    }
    result.append(reply.payload().text()).append('}');
    return FrameCodec.close(result);
  }

  private void onFailure(String requestId, ParleyException failure) {
    madeOutgoing().remove(requestId);
    connection.refuse(requestId, failure);
  }
}
