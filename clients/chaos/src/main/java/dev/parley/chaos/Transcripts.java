package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Writes into the history what each node tells at the end of a session or a room. */
final class Transcripts {
  /** Of a row: somebody said it, or the agent answered. */
  static final int SAID = 0;

  static final int ANSWER = 1;

  private static final int MOST_ROWS = 1_000;
  private static final int MOST_POSTS = 200;
  private static final long READ_MS = 30_000;
  private static final long READ_FOR_MS = 60_000;

  private final History history;
  private final List<ParleyClient> byNode;

  /**
   * Asks nothing yet.
   *
   * @param byNode a client of each node, all of one tenant
   */
  Transcripts(History history, List<ParleyClient> byNode) {
    this.history = history;
    this.byNode = byNode;
  }

  /** The rows of a session; a row is named by its last word. */
  void session(String series, String sessionKey) throws InterruptedException {
    for (int node = 0; node < byNode.size(); node++) {
      JsonNode told =
          ask(
              byNode.get(node),
              "chat.history",
              Json.object().put("sessionKey", sessionKey).put("limit", MOST_ROWS));
      for (JsonNode message : told.path("messages")) {
        boolean answer = message.path("role").asText().equals("assistant");
        row(series, node, text(message.path("content")), answer ? ANSWER : SAID);
      }
      told(series, node, told.path("messages").size());
    }
  }

  private static String text(JsonNode content) {
    String text = content.isArray() ? content.path(0).path("text").asText() : content.asText();
    return text.substring(text.strip().lastIndexOf(' ') + 1).strip();
  }

  /** What was posted in a room; a post is named by its message id. */
  void room(String series, String room) throws InterruptedException {
    for (int node = 0; node < byNode.size(); node++) {
      long offset = 0;
      long rows = 0;
      JsonNode posts;
      do {
        JsonNode told =
            ask(
                byNode.get(node),
                "room.history",
                Json.object().put("room", room).put("offset", offset).put("limit", MOST_POSTS));
        posts = told.path("messages");
        offset = told.path("next").asLong();
        for (JsonNode post : posts) {
          row(series, node, post.path("messageId").asText(), SAID);
        }
        rows += posts.size();
      } while (!posts.isEmpty());
      told(series, node, rows);
    }
  }

  private void row(String series, int node, String id, int what) {
    history.add(Kind.ROW, series, id, what, name(node));
  }

  private void told(String series, int node, long rows) {
    history.add(Kind.TOLD, series, "", rows, name(node));
  }

  private static String name(int node) {
    return "node-" + (node + 1);
  }

  private JsonNode ask(ParleyClient client, String method, ObjectNode params)
      throws InterruptedException {
    long until = history.now() + READ_FOR_MS;
    while (true) {
      try {
        return Traffic.await(client.request(method, params), READ_MS);
      } catch (ParleyException refused) {
        if (!passing(refused) || history.now() > until) {
          throw refused;
        }
        TimeUnit.MILLISECONDS.sleep(500);
      }
    }
  }

  /** A client whose node was away waits up to half a minute before it looks for it again. */
  private static boolean passing(ParleyException refused) {
    return refused.code().retryable() || refused.code() == ErrorCode.DEADLINE_EXCEEDED;
  }
}
