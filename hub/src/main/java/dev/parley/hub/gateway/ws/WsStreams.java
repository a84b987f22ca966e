package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.stream.CallStream;
import dev.parley.hub.stream.Streams;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Reply;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The streams that one socket reads: calls with {@code credit}, and {@code stream.resume}, each by
 * its request id. Their chunks are outside the count of events, for a stream is resumed by itself.
 * When the socket is lost they wait for their caller; those of a socket of role agent end, as all
 * that it had under way.
 */
final class WsStreams {
  /** What all sockets read from, and what checks their params. */
  record Source(Streams streams, RequestValidator validator) {
    /** The handler of {@code stream.credit}. */
    Future<ObjectNode> credit(Caller caller, ObjectNode params) {
      long outstanding =
          streams.grant(
              caller.principal(),
              new MessageId(params.path("messageId").asText()),
              params.path("credit").asLong(),
              params.path("next").asLong(-1));
      return Future.succeededFuture(Json.object().put("outstanding", outstanding));
    }
  }

  private final WsConnection connection;
  private final Principal principal;
  private final Source source;
  private final boolean resumable;
  private final ConcurrentMap<String, Reading> readings = new ConcurrentHashMap<>(4);
  private volatile boolean left;

  /**
   * Begins with none.
   *
   * @param resumable whether streams outlive the socket
   */
  WsStreams(WsConnection connection, Principal principal, Source source, boolean resumable) {
    this.connection = connection;
    this.principal = principal;
    this.source = source;
    this.resumable = resumable;
  }

  /** Calls; {@code conflict} when a stream is read by this request id already. */
  void call(String requestId, CallOrder order, int credit) {
    read(
        requestId,
        reader -> {
          CallStream stream = source.streams.open(order, credit, reader);
          stream.start();
          return stream;
        });
  }

  void resume(Frame.Request request) {
    RawJson raw = request.params();
    try {
      principal.require(Permission.CALL);
      JsonNode params = Json.parseObject("params", raw == null ? "{}" : raw.text());
      source.validator.validate("stream.resume", params);
      if (!resumable) {
        throw ParleyException.invalid("method", "sockets of role agent do not resume streams");
      }
      read(
          request.id(),
          reader ->
              source.streams.resume(
                  principal,
                  new MessageId(params.path("messageId").asText()),
                  params.path("next").asLong(),
                  params.path("credit").asLong(),
                  reader));
    } catch (ParleyException refusal) {
      connection.refuse(request.id(), refusal);
    }
  }

  /** Cancels the stream that is read by this request; whether it was under way. */
  boolean cancel(String requestId) {
    Reading reading = readings.get(requestId);
    CallStream stream = reading == null ? null : reading.stream;
    return stream != null && stream.cancel();
  }

  /** Whether a stream is read by this request id. */
  boolean reads(String requestId) {
    return readings.containsKey(requestId);
  }

  /** The socket is gone. */
  void leave() {
    left = true;
    readings.values().forEach(this::leave);
  }

  private void leave(Reading reading) {
    CallStream stream = reading.stream;
    if (stream == null) {
      return;
    }
    if (resumable) {
      stream.detach(reading);
    } else {
      stream.abandon();
    }
  }

  /** Reads what {@code opener} opens; a socket that was lost meanwhile leaves it at once. */
  private void read(String requestId, Function<CallStream.Reader, CallStream> opener) {
    Reading reading = new Reading(requestId);
    if (readings.putIfAbsent(requestId, reading) != null) {
      throw new ParleyException(
              ErrorCode.CONFLICT, "a stream is read by this request id on this connection")
          .with("field", "id");
    }
    CallStream stream;
    try {
      stream = opener.apply(reading);
    } catch (ParleyException refusal) {
      readings.remove(requestId, reading);
      throw refusal;
    }
    reading.stream = stream;
    if (left) {
      leave(reading);
    }
  }

  private final class Reading implements CallStream.Reader {
    private final String requestId;
    private volatile @Nullable CallStream stream;

    Reading(String requestId) {
      this.requestId = requestId;
    }

    @Override
    public void chunk(MessageId message, long index, RawJson payload) {
      connection.send(
          FrameCodec.event(
              "agent.chunk", WsCalls.chunk(requestId, message, index, payload), /* seq= */ 0));
    }

    @Override
    public void replied(Reply reply) {
      if (readings.remove(requestId, this)) {
        connection.answer(WsCalls.answer(requestId, reply));
      }
    }

    @Override
    public void failed(ParleyException failure) {
      if (readings.remove(requestId, this)) {
        connection.refuse(requestId, failure);
      }
    }

    @Override
    public void replaced(ParleyException why) {
      failed(why);
    }
  }
}
