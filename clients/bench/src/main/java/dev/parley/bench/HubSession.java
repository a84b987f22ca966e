package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A socket of a hub after the handshake; it blocks. */
final class HubSession implements AutoCloseable {
  private final WireSocket socket;
  private final Deque<JsonNode> received = new ArrayDeque<>();

  private HubSession(WireSocket socket) {
    this.socket = socket;
  }

  /**
   * Connects.
   *
   * @param agent the agent that the socket is; null for a person
   */
  static HubSession connect(int port, String key, @Nullable String agent) throws IOException {
    ObjectNode params = Json.object().put("minProtocol", 4).put("maxProtocol", 4);
    params
        .putObject("client")
        .put("id", "bench")
        .put("version", "1")
        .put("platform", "linux")
        .put("mode", "backend");
    params.putObject("auth").put("token", key);
    if (agent != null) {
      params.put("role", "agent").put("agent", agent);
    }
    HubSession session = new HubSession(WireSocket.open(port, "/ws"));
    try {
      session.next(frame -> frame.path("event").asText().equals("connect.challenge"));
      session.request("connect", params);
      return session;
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** Asks and waits for the answer; frames before it are dropped. */
  JsonNode request(String method, ObjectNode params) throws IOException {
    ObjectNode frame = Json.object().put("type", "req").put("id", method).put("method", method);
    frame.set("params", params);
    socket.send(Json.write(frame));
    JsonNode answer =
        next(
            received ->
                received.path("type").asText().equals("res")
                    && received.path("id").asText().equals(method));
    if (!answer.path("ok").asBoolean()) {
      throw new IOException(method + " was refused: " + answer.path("error"));
    }
    return answer.path("payload");
  }

  /** The next frame of this kind; the others are dropped. */
  JsonNode next(Predicate<JsonNode> wanted) throws IOException {
    while (true) {
      while (!received.isEmpty()) {
        JsonNode frame = received.removeFirst();
        if (wanted.test(frame)) {
          return frame;
        }
      }
      int frames = socket.drain(this::keep);
      socket.flush();
      if (frames == 0) {
        socket.fill();
      }
    }
  }

  private void keep(byte[] buffer, int from, int to) {
    String text = new String(buffer, from, to - from, StandardCharsets.UTF_8);
    received.addLast(Json.parse("frame", text));
  }

  WireSocket socket() {
    return socket;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
