package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection to a hub over WebSocket: requests with their answers, events, and deliveries. */
final class HubSocket {
  private static final int MAX_FRAME = 32 << 20;

  /** Held because Vert.x closes a client, with its sockets, that nobody refers to. */
  private final WebSocketClient client;

  private final WebSocket socket;
  private final Map<String, Promise<JsonNode>> pending = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final BiConsumer<String, JsonNode> onEvent;
  private final Promise<Void> closed = Promise.promise();
  private volatile Consumer<Frame.Request> onDelivery = request -> {};

  private HubSocket(
      WebSocketClient client, WebSocket socket, BiConsumer<String, JsonNode> onEvent) {
    this.client = client;
    this.socket = socket;
    this.onEvent = onEvent;
  }

  /**
   * Connects and authenticates.
   *
   * @param agent the agent that this socket is, or null for a person
   * @param onEvent is told of every event: its name and payload
   */
  static Future<HubSocket> connect(
      Vertx vertx,
      URI hub,
      String key,
      @Nullable String agent,
      BiConsumer<String, JsonNode> onEvent) {
    Promise<Void> challenged = Promise.promise();
    BiConsumer<String, JsonNode> events =
        (event, payload) -> {
          if (event.equals("connect.challenge")) {
            challenged.tryComplete();
          }
          onEvent.accept(event, payload);
        };
    WebSocketClient client =
        vertx.createWebSocketClient(
            new WebSocketClientOptions()
                .setMaxFrameSize(MAX_FRAME)
                .setMaxMessageSize(MAX_FRAME)
                .setSsl(hub.getScheme().equals("https")));
    return client
        .connect(hub.getPort(), hub.getHost(), "/ws")
        .compose(
            socket -> {
              HubSocket opened = new HubSocket(client, socket, events);
              socket.textMessageHandler(opened::onText);
              socket.closeHandler(gone -> opened.onClose());
              return challenged
                  .future()
                  .compose(ready -> opened.request("connect", hello(key, agent)))
                  .map(opened);
            });
  }

  Future<JsonNode> request(String method, ObjectNode params) {
    String id = Long.toString(ids.incrementAndGet());
    Promise<JsonNode> answer = Promise.promise();
    pending.put(id, answer);
    socket.writeTextMessage(FrameCodec.request(id, method, Json.raw(params)));
    return answer.future();
  }

  /** Sets who handles the messages to the agent that this socket is. */
  void onDelivery(Consumer<Frame.Request> handler) {
    onDelivery = handler;
  }

  void answer(String requestId, ObjectNode payload) {
    socket.writeTextMessage(FrameCodec.ok(requestId, Json.raw(payload)));
  }

  void fail(String requestId, String message) {
    socket.writeTextMessage(
        FrameCodec.error(requestId, new ParleyException(ErrorCode.AGENT_FAILED, message)));
  }

  /** Completes when the socket is closed, with the reason in the failure. */
  Future<Void> closed() {
    return closed.future();
  }

  void close() {
    socket.close().eventually(client::close);
  }

  private void onText(String text) {
    Frame frame = FrameCodec.parse(text);
    if (frame instanceof Frame.Response response) {
      Promise<JsonNode> answer = pending.remove(response.id());
      if (answer != null && response.ok()) {
        answer.complete(json(response.payload()));
      } else if (answer != null) {
        answer.fail(FrameCodec.toException(response.error()));
      }
    } else if (frame instanceof Frame.Event event) {
      onEvent.accept(event.event(), json(event.payload()));
    } else if (frame instanceof Frame.Request request) {
      onDelivery.accept(request);
    }
  }

  private void onClose() {
    String reason = socket.closeReason() == null ? "closed" : socket.closeReason();
    ParleyException gone = new ParleyException(ErrorCode.UNAVAILABLE, "the hub: " + reason);
    pending.values().forEach(answer -> answer.tryFail(gone));
    pending.clear();
    closed.tryFail(gone);
  }

  private static JsonNode json(@Nullable RawJson raw) {
    return raw == null ? Json.object() : Json.parse("payload", raw.text());
  }

  private static ObjectNode hello(String key, @Nullable String agent) {
    ObjectNode params = Json.object();
    params.put("minProtocol", Frame.WIRE_VERSION).put("maxProtocol", Frame.WIRE_VERSION);
    params
        .putObject("client")
        .put("id", "gateway-client")
        .put("version", "0.1.0")
        .put("platform", System.getProperty("os.name"))
        .put("mode", "backend");
    params.putArray("caps").add("tool-events");
    params.putObject("auth").put("token", key);
    params.put("role", agent == null ? "operator" : "agent");
    if (agent != null) {
      params.put("agent", agent);
    }
    return params;
  }
}
