package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.ClientAddress;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.ws.Places.Place;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket: challenge, connect, then requests until it closes.
 *
 * <p>Frames arrive on the socket's event loop; answers and events may be sent from any thread. What
 * is sent is ordered by this object's lock, which is held only for numbering and handing over to
 * the socket's write queue. Once the hub has begun to close, it hears nothing any more: a client
 * that does not answer the close frame has its socket for a while yet, and no rights.
 */
final class WsConnection implements MessageReader.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(WsConnection.class);
  private static final int MAX_REASON_BYTES = 123;

  private final WsGateway gateway;
  private final ServerWebSocket socket;
  private final Context loop;
  private final Place place;
  private final ClientAddress address;
  private final String id = UUID.randomUUID().toString();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicBoolean released = new AtomicBoolean();
  private final MessageReader reader;
  private final SocketGuard guard;
  private volatile @Nullable WsSession session;
  private volatile long lastHeard;
  private long handshakeTimer = -1;
  private long hangUpTimer = -1;
  private boolean connecting;
  private volatile boolean closing;

  /** Takes over an upgraded socket, on its event loop. */
  WsConnection(
      WsGateway gateway, ServerWebSocket socket, Context loop, Place place, ClientAddress address) {
    this.gateway = gateway;
    this.socket = socket;
    this.loop = loop;
    this.place = place;
    this.address = address;
    int max = gateway.settings().maxHandshakeBytes();
    this.reader = new MessageReader(this, max);
    this.guard = SocketGuard.on(socket, max, this::onFault);
  }

  void open() {
    lastHeard = gateway.now();
    socket.setWriteQueueMaxSize(gateway.settings().maxBufferedBytes());
    socket.frameHandler(reader::read);
    socket.exceptionHandler(failure -> LOG.debug("socket {}: {}", id, failure.toString()));
    socket.closeHandler(closed -> onClose());
    handshakeTimer =
        gateway.after(
            gateway.settings().handshakeTimeout(),
            () -> close(CloseCode.POLICY_VIOLATION, "no connect request in time"));
    ObjectNode challenge =
        Json.object().put("nonce", UUID.randomUUID().toString()).put("ts", gateway.now());
    send(FrameCodec.event("connect.challenge", Json.raw(challenge), 0));
  }

  String id() {
    return id;
  }

  /** Where the client connected from. */
  ClientAddress address() {
    return address;
  }

  Place place() {
    return place;
  }

  @Nullable WsSession session() {
    return session;
  }

  long lastHeard() {
    return lastHeard;
  }

  void ping() {
    socket.writePing(Buffer.buffer(0));
  }

  /** Sends a frame that is outside the count of events. */
  void send(String frame) {
    synchronized (this) {
      write(frame);
    }
  }

  void answer(String requestId, RawJson payload) {
    answer(FrameCodec.ok(requestId, payload));
  }

  /** Answers with a response frame. */
  void answer(String frame) {
    inFlight.decrementAndGet();
    send(frame);
  }

  void refuse(String requestId, ParleyException failure) {
    inFlight.decrementAndGet();
    send(FrameCodec.error(requestId, failure));
  }

  /** Says goodbye, and hangs up on a client that does not listen to it. */
  void close(CloseCode code, String reason) {
    synchronized (this) {
      if (closing) {
        return;
      }
      closing = true;
      hangUpTimer = gateway.after(gateway.settings().closeGrace(), guard::hangUp);
    }
    socket.close(code.code(), fitting(reason));
    loop.runOnContext(go -> release());
  }

  /** Ends the connection without a further word. */
  void hangUp() {
    guard.hangUp();
  }

  /** As much of a close reason as a close frame takes. */
  private static String fitting(String reason) {
    byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
    int end = Math.min(bytes.length, MAX_REASON_BYTES);
    while (end < bytes.length && (bytes[end] & 0xc0) == 0x80) {
      end--;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private void write(String frame) {
    if (!closing && readsItsFrames()) {
      socket.writeTextMessage(frame);
    }
  }

  /** Whether the client keeps up with what is sent to it; a slow one is disconnected. */
  private boolean readsItsFrames() {
    if (!guard.isFull()) {
      return true;
    }
    gateway.metrics().slowConsumer();
    close(
        CloseCode.POLICY_VIOLATION,
        "slow consumer: more than %d bytes unread"
            .formatted(gateway.settings().maxBufferedBytes()));
    return false;
  }

  @Override
  public void onControl() {
    lastHeard = gateway.now();
    synchronized (this) {
      if (!closing) {
        readsItsFrames();
      }
    }
  }

  @Override
  public void onFault(CloseCode code, String reason) {
    close(code, reason);
  }

  @Override
  public void onText(String text, int bytes) {
    if (closing) {
      return;
    }
    lastHeard = gateway.now();
    WsSession current = session;
    if (bytes > gateway.settings().maxPayloadBytes()) {
      onOversized(text, bytes);
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
        .onComplete(
            done ->
                loop.runOnContext(
                    go -> {
                      if (done.succeeded()) {
                        onAccepted(request.id(), done.result());
                      } else {
                        refuseHandshake(request.id(), gateway.toRefusal(done.cause()));
                      }
                    }));
  }

  private void onAccepted(String requestId, Handshake.Accepted accepted) {
    gateway.cancel(handshakeTimer);
    guard.trust();
    reader.limit(gateway.settings().hardLimitBytes());
    answer(requestId, Json.raw(accepted.hello()));
    WsSession opened = accepted.session();
    opened.log().attach(this, accepted.seq());
    gateway.opened(opened);
    session = opened;
    gateway.confirm(this, opened);
    if (closing) {
      release();
    }
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
      case "stream.resume" -> current.calls().streams().resume(request);
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
            current.principal(),
            current.scope(),
            address,
            new WsRequest(this, current, request.id()),
            request.traceparent(),
            Future.future(never -> {}));
    gateway
        .operations()
        .dispatch(request.method(), caller, params)
        .onSuccess(result -> answer(request.id(), Json.raw(result)))
        .onFailure(failure -> refuse(request.id(), gateway.toRefusal(failure)));
  }

  private void onOversized(String text, int bytes) {
    int limit = gateway.settings().maxPayloadBytes();
    ParleyException fault =
        new ParleyException(
                ErrorCode.PAYLOAD_TOO_LARGE,
                "the frame has %d bytes; the limit is %d (policy.maxPayload)"
                    .formatted(bytes, limit))
            .with("field", "frame")
            .with("limit", limit)
            .with("size", bytes);
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
    synchronized (this) {
      closing = true;
      gateway.cancel(hangUpTimer);
    }
    gateway.cancel(handshakeTimer);
    place.leave();
    gateway.closed(this);
    release();
  }

  /** Ends what the client had under way: nothing can be told to it any more. */
  void release() {
    WsSession current = session;
    if (current == null || !released.compareAndSet(false, true)) {
      return;
    }
    current.log().detach(this);
    current.calls().leave();
    if (current.link() != null) {
      current.link().close();
    }
    gateway.ended(this, current);
  }

  /** Whether nothing waits for an answer on this socket, neither the client nor the hub. */
  boolean isIdle() {
    WsSession current = session;
    boolean answers = current == null || current.link() == null || current.link().inFlight() == 0;
    return inFlight.get() <= 0 && answers;
  }
}
