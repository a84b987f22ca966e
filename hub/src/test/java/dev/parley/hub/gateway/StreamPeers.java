package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;

/** What callers and agents say to one another in a stream. */
public final class StreamPeers {
  private StreamPeers() {}

  /** The params of a call whose reply comes in chunks, with credit for so many. */
  public static ObjectNode stream(String to, String messageId, int credit) {
    return Json.object()
        .put("to", to)
        .put("payload", "go")
        .put("messageId", messageId)
        .put("timeoutMs", 20_000)
        .put("stream", true)
        .put("credit", credit);
  }

  public static ObjectNode resume(String messageId, long next, int credit) {
    return Json.object().put("messageId", messageId).put("next", next).put("credit", credit);
  }

  public static ObjectNode credit(String messageId, int credit) {
    return Json.object().put("messageId", messageId).put("credit", credit);
  }

  /** The agent sends a piece. */
  public static void chunk(Peer agent, String delivery, String text) {
    ObjectNode frame = Json.object().put("type", "event").put("event", "agent.chunk");
    frame.putObject("payload").put("id", delivery).put("payload", text);
    agent.raw(Json.write(frame));
  }

  /** The agent answers. */
  public static void reply(Peer agent, String delivery, String text) {
    agent.raw(
        Json.write(
            Json.object()
                .put("type", "res")
                .put("id", delivery)
                .put("ok", true)
                .put("payload", text)));
  }

  /** The caller gets this chunk next. */
  public static void assertChunk(Peer caller, String request, int index, String text) {
    JsonNode chunk = caller.event("agent.chunk");
    assertEquals(request, chunk.path("requestId").asText());
    assertEquals(index, chunk.path("index").asInt(), chunk.toString());
    assertEquals(text, chunk.path("payload").asText());
  }

  public static String codeOf(JsonNode answer) {
    return answer.at("/error/code").asText();
  }
}
