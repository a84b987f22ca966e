package dev.parley.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** A WebSocket client without cleverness: what goes over the wire is what the test says. */
public final class Peer implements AutoCloseable {
  private static final long PATIENCE_S = 20;

  private final WebSocket socket;
  private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
  private final List<Long> seqs = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Close> closed = new CompletableFuture<>();
  private JsonNode hello = Json.mapper().missingNode();
  private int ids;

  /** How a socket ended: the close code and the reason, 1006 and nothing without a close frame. */
  public record Close(int code, String reason) {}

  /** Takes a socket that is not connected yet, so that it misses nothing. */
  Peer(WebSocket socket) {
    this.socket = socket;
    socket.textMessageHandler(
        text -> {
          JsonNode frame = Json.parse("frame", text);
          if (frame.has("seq")) {
            seqs.add(frame.path("seq").asLong());
          }
          texts.add(text);
          frames.add(frame);
        });
    socket.closeHandler(
        gone -> {
          Short code = socket.closeStatusCode();
          String reason = socket.closeReason();
          closed.complete(new Close(code == null ? 1006 : code, reason == null ? "" : reason));
        });
  }

  /** The params of {@code connect} in the role operator. */
  public static ObjectNode connectParams(String key) {
    ObjectNode params = Json.object().put("minProtocol", 4).put("maxProtocol", 4);
    params
        .putObject("client")
        .put("id", "test")
        .put("version", "1")
        .put("platform", "test")
        .put("mode", "test");
    params.putObject("auth").put("token", key);
    return params;
  }

  /** Connects as a person; fails the test when the hub refuses. */
  public JsonNode hello(String key) {
    return hello(connectParams(key));
  }

  /** Connects with these params; fails the test when the hub refuses. */
  public JsonNode hello(ObjectNode params) {
    JsonNode answer = ask("connect", params);
    if (!answer.path("ok").asBoolean()) {
      throw new AssertionError("no hello: " + answer);
    }
    hello = answer.path("payload");
    return hello;
  }

  /** The hello-ok that it got. */
  public JsonNode hello() {
    return hello;
  }

  public String connId() {
    return hello.path("server").path("connId").asText();
  }

  /** The numbers of the events that have come so far, in their order. */
  public List<Long> seqs() {
    return List.copyOf(seqs);
  }

  /** The number of the last event that has come, 0 for none. */
  public long lastSeq() {
    List<Long> all = seqs();
    return all.isEmpty() ? 0 : all.get(all.size() - 1);
  }

  /** Sends text as it is. */
  public void raw(String frame) {
    HubExtension.await(socket.writeTextMessage(frame));
  }

  /** Sends text as it is, without waiting until it has left. */
  public void rawLater(String frame) {
    socket.writeTextMessage(frame);
  }

  /** Sends a request and answers its id. */
  public String send(String method, ObjectNode params) {
    String id = "r" + ++ids;
    raw(request(id, method, params));
    return id;
  }

  /** Sends a request and waits for its answer. */
  public JsonNode ask(String method, ObjectNode params) {
    return answer(send(method, params));
  }

  /** Sends a request that must succeed and answers its payload. */
  public JsonNode succeed(String method, ObjectNode params) {
    JsonNode answer = ask(method, params);
    if (!answer.path("ok").asBoolean()) {
      throw new AssertionError(method + ": " + answer);
    }
    return answer.path("payload");
  }

  /** The answer to a request; what comes before it is dropped. */
  public JsonNode answer(String id) {
    return next(frame -> frame.path("type").asText().equals("res") && id.equals(idOf(frame)));
  }

  /** The next answer to any request; what comes before it is dropped. */
  public JsonNode answer() {
    return next(frame -> frame.path("type").asText().equals("res"));
  }

  /** The answer to a request as it came over the wire. */
  public String rawAnswer(String id) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (true) {
      String text = poll(texts, deadline, "an answer to " + id);
      JsonNode frame = Json.parse("frame", text);
      if (frame.path("type").asText().equals("res") && id.equals(idOf(frame))) {
        return text;
      }
    }
  }

  /** The payload of the next event of this name; what comes before it is dropped. */
  public JsonNode event(String name) {
    return next(frame -> frame.path("event").asText().equals(name)).path("payload");
  }

  /** The next request that the hub sends; what comes before it is dropped. */
  public JsonNode delivery() {
    return next(frame -> frame.path("method").asText().equals("agent.deliver"));
  }

  /** The next error, as an answer or as an event; what comes before it is dropped. */
  public JsonNode error() {
    JsonNode frame = next(f -> f.has("error") || f.path("event").asText().equals("protocol.error"));
    return frame.has("error") ? frame.path("error") : frame.path("payload");
  }

  /** The next frame that fits; what comes before it is dropped. */
  public JsonNode next(Predicate<JsonNode> wanted) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (true) {
      JsonNode frame = poll(frames, deadline, "a frame");
      if (wanted.test(frame)) {
        return frame;
      }
    }
  }

  /** Takes all that has come so far. */
  public List<JsonNode> drain() {
    List<JsonNode> all = new ArrayList<>();
    frames.drainTo(all);
    return all;
  }

  /** Whether the socket works: the hub answers {@code health}. */
  public boolean alive() {
    return ask("health", Json.object()).path("ok").asBoolean();
  }

  public Close closed() {
    try {
      return closed.get(PATIENCE_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("the socket is open after " + PATIENCE_S + " s", e);
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  public boolean isOpen() {
    return !closed.isDone();
  }

  @Override
  public void close() {
    HubExtension.await(socket.close().otherwiseEmpty());
  }

  /** A request frame. */
  public static String request(String id, String method, ObjectNode params) {
    ObjectNode frame = Json.object().put("type", "req").put("id", id).put("method", method);
    frame.set("params", params);
    return Json.write(frame);
  }

  private static String idOf(JsonNode frame) {
    return frame.path("id").asText();
  }

  private <T> T poll(BlockingQueue<T> queue, long deadline, String what) {
    try {
      T found = queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (found == null) {
        throw new AssertionError(
            "no %s within %d s%s"
                .formatted(what, PATIENCE_S, closed.isDone() ? ", closed: " + closed.join() : ""));
      }
      return found;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
