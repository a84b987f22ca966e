package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.ServerWebSocket;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket: challenge, connect, then requests until it closes.
 *
 * <p>Frames arrive on the socket's event loop; answers and events may be sent from any thread. What
 * is sent is ordered by this object's lock, which is held only for numbering and handing over to
 * the socket's write queue.
 */
final class WsConnection {
  private static final Logger LOG = LoggerFactory.getLogger(WsConnection.class);

  private final WsGateway gateway;
  private final ServerWebSocket socket;
  private final String id = UUID.randomUUID().toString();
  private final String nonce = UUID.randomUUID().toString();
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile @Nullable WsSession session;
  private volatile long lastHeard;
  private long handshakeTimer = -1;
  private boolean connecting;
  private boolean closing;

  WsConnection(WsGateway gateway, ServerWebSocket socket) {
    this.gateway = gateway;
    this.socket = socket;
  }

  void open() {
    lastHeard = gateway.now();
    socket.setWriteQueueMaxSize(gateway.settings().maxBufferedBytes());
    socket.textMessageHandler(this::onText);
    socket.binaryMessageHandler(
        binary -> close(CloseCode.PROTOCOL_ERROR, "frames must be text frames"));
    socket.pongHandler(pong -> lastHeard = gateway.now());
    socket.exceptionHandler(failure -> LOG.debug("socket {}: {}", id, failure.toString()));
    socket.closeHandler(closed -> onClose());
    handshakeTimer =
        gateway.after(
            gateway.settings().handshakeTimeout(),
            () -> close(CloseCode.POLICY_VIOLATION, "no connect request in time"));
    ObjectNode challenge = Json.object().put("nonce", nonce).put("ts", gateway.now());
    send(FrameCodec.event("connect.challenge", Json.raw(challenge), 0));
  }

  String id() {
    return id;
  }

  @Nullable WsSession session() {
    return session;
  }

  long lastHeard() {
    return lastHeard;
  }

  void ping() {
    socket.writePing(io.vertx.core.buffer.Buffer.buffer(0));
  }

  String remoteHost() {
    return socket.remoteAddress().host();
  }

  /** Sends a frame that is outside the count of events. */
  void send(String frame) {
    synchronized (this) {
      write(frame);
    }
  }

  void answer(String requestId, RawJson payload) {
    inFlight.decrementAndGet();
    send(FrameCodec.ok(requestId, payload));
  }

  void refuse(String requestId, ParleyException failure) {
    inFlight.decrementAndGet();
    send(FrameCodec.error(requestId, failure));
  }

  void close(CloseCode code, String reason) {
    if (!closing) {
      closing = true;
      socket.close(code.code(), reason.length() > 120 ? reason.substring(0, 120) : reason);
    }
  }

  private void write(String frame) {
    if (closing) {
      return;
    }
    if (socket.writeQueueFull()) {
      gateway.metrics().slowConsumer();
      close(
          CloseCode.POLICY_VIOLATION,
          "slow consumer: more than %d bytes unread"
              .formatted(gateway.settings().maxBufferedBytes()));
      return;
    }
    socket.writeTextMessage(frame);
  }

  private void onText(String text) {
    lastHeard = gateway.now();
    WsSession current = session;
    int limit =
        current == null
            ? gateway.settings().maxHandshakeBytes()
            : gateway.settings().maxPayloadBytes();
    if (text.length() > limit) {
      onOversized(text, limit, current != null);
      return;
    }
    Frame frame;
    try {
      frame = FrameCodec.parse(text);
    } catch (ParleyException fault) {
      onMalformed(fault);
      return;
    }
    if (current == null) {
      onFirst(frame);
    } else if (frame instanceof Frame.Request request) {
      onRequest(current, request);
    } else if (current.link() != null) {
      onAgentFrame(current.link(), frame);
    } else {
      onMalformed(
          ParleyException.invalid("type", "only sockets of role agent send res and event frames"));
    }
  }

  private void onFirst(Frame frame) {
    if (connecting) {
      close(CloseCode.POLICY_VIOLATION, "wait for the answer to connect");
      return;
    }
    if (!(frame instanceof Frame.Request request)) {
      close(CloseCode.POLICY_VIOLATION, "invalid request frame");
      return;
    }
    inFlight.incrementAndGet();
    if (!request.method().equals("connect")) {
      refuseHandshake(
          request.id(),
          ParleyException.invalid("method", "invalid handshake: first request must be connect"));
      return;
    }
    connecting = true;
    gateway
        .handshake()
        .connect(this, request.params())
        .onSuccess(accepted -> onAccepted(request.id(), accepted))
        .onFailure(failure -> refuseHandshake(request.id(), gateway.toRefusal(failure)));
  }

  private void onAccepted(String requestId, Handshake.Accepted accepted) {
    gateway.cancel(handshakeTimer);
    WsSession opened = accepted.session();
    answer(requestId, Json.raw(accepted.hello()));
    synchronized (opened.log()) {
      accepted.missed().forEach(this::send);
      opened.attach(this);
      session = opened;
    }
    gateway.opened(this, opened);
  }

  private void refuseHandshake(String requestId, ParleyException failure) {
    refuse(requestId, failure);
    close(Handshake.closeCode(failure), failure.text());
  }

  private void onRequest(WsSession current, Frame.Request request) {
    if (inFlight.incrementAndGet() > gateway.settings().maxInFlight()) {
      refuse(
          request.id(),
          new ParleyException(
                  ErrorCode.RATE_LIMITED,
                  "this connection has %d requests under way; wait for an answer"
                      .formatted(gateway.settings().maxInFlight()))
              .with("limit", "requests_in_flight")
              .with("max", gateway.settings().maxInFlight())
              .retryAfter(100));
      return;
    }
    switch (request.method()) {
      case "agent.call" -> current.calls().call(request);
      case "agent.cancel" -> current.calls().cancel(request);
      case "connect" ->
          refuse(
              request.id(),
              ParleyException.invalid("method", "connect is only valid as the first request"));
      default -> dispatch(current, request);
    }
  }

  private void onAgentFrame(WsAgentLink link, Frame frame) {
    try {
      link.onFrame(frame);
    } catch (ParleyException fault) {
      onMalformed(fault);
    }
  }

  private void dispatch(WsSession current, Frame.Request request) {
    JsonNode params;
    try {
      params = request.params() == null ? null : Json.parse("params", request.params().text());
    } catch (ParleyException fault) {
      refuse(request.id(), fault);
      return;
    }
    Caller caller =
        new Caller(
            current.principal(), current.scope(), new WsRequest(this, current, request.id()));
    gateway
        .operations()
        .dispatch(request.method(), caller, params)
        .onSuccess(result -> answer(request.id(), Json.raw(result)))
        .onFailure(failure -> refuse(request.id(), gateway.toRefusal(failure)));
  }

  private void onOversized(String text, int limit, boolean authenticated) {
    ParleyException fault =
        new ParleyException(
                ErrorCode.PAYLOAD_TOO_LARGE,
                "the frame has %d characters; the limit is %d (policy.maxPayload)"
                    .formatted(text.length(), limit))
            .with("field", "frame")
            .with("limit", limit)
            .with("size", text.length());
    if (!authenticated) {
      close(CloseCode.TOO_BIG, "the first frame is larger than " + limit + " bytes");
      return;
    }
    onMalformed(
        FrameCodec.headOf(text).map(id -> fault.with(FrameCodec.REQUEST_ID, id)).orElse(fault));
  }

  /** Answers by the request's id where it could be read, by an event where it could not. */
  private void onMalformed(ParleyException fault) {
    if (session == null) {
      close(CloseCode.POLICY_VIOLATION, "invalid request frame");
    } else if (fault.details().get(FrameCodec.REQUEST_ID) instanceof String requestId) {
      send(FrameCodec.error(requestId, fault));
    } else {
      send(FrameCodec.event("protocol.error", Json.raw(FrameCodec.toJson(fault)), 0));
    }
  }

  private void onClose() {
    closing = true;
    gateway.cancel(handshakeTimer);
    WsSession current = session;
    if (current != null) {
      current.detach();
      current.calls().cancelAll();
      if (current.link() != null) {
        current.link().close();
      }
    }
    gateway.closed(this, current);
  }

  /** The agent this socket is, for a socket of role agent. */
  @Nullable AgentAddress agent() {
    WsSession current = session;
    return current == null || current.link() == null ? null : current.link().address();
  }
}
