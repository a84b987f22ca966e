package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.ChatListener;
import dev.parley.client.ChatReply;
import dev.parley.client.ChatRequest;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A person who chats with a hosted agent through whichever node takes the message. */
final class Chats extends Traffic {
  private static final String AGENT = "main";
  private static final int TURNS_PER_SESSION = 100;
  private static final int MOST_ROWS = 1_000;
  private static final long PAUSE_MS = 200;
  private static final long REPLY_MS = 20_000;
  private static final long READ_MS = 30_000;
  private static final long READ_FOR_MS = 60_000;

  private final History history;
  private final String tenant;
  private final List<ParleyClient> byNode;
  private volatile long turns;

  Chats(History history, String tenant, List<ParleyClient> byNode) {
    this.history = history;
    this.tenant = tenant;
    this.byNode = byNode;
  }

  private String series(long session) {
    return "chat:%s:s%d".formatted(tenant, session);
  }

  private static String sessionKey(long session) {
    return "agent:%s:s%d".formatted(AGENT, session);
  }

  @Override
  void step(long n) throws InterruptedException {
    turns = n;
    long session = n / TURNS_PER_SESSION;
    for (int node = 0; node < byNode.size(); node++) {
      String id = "turn-%d-%d".formatted(n, node);
      try {
        ChatReply reply =
            await(
                byNode
                    .get(node)
                    .chat(
                        ChatRequest.of(AGENT, "repeat 1 " + id)
                            .session("s" + session)
                            .timeout(Duration.ofMillis(REPLY_MS)),
                        ChatListener.NONE)
                    .reply(),
                2 * REPLY_MS);
        history.add(Kind.ANSWERED, series(session), id, n, reply.text().strip());
        break;
      } catch (ParleyException refused) {
        history.add(Kind.UNSURE, series(session), id, n, refused.code().wireName());
      }
    }
    Thread.sleep(PAUSE_MS);
  }

  /** Writes down what each node tells of the sessions. */
  void report() throws InterruptedException {
    for (long session = 0; session <= turns / TURNS_PER_SESSION; session++) {
      for (int node = 0; node < byNode.size(); node++) {
        for (JsonNode message : rows(byNode.get(node), session)) {
          String text = message.path("content").asText();
          if (message.path("role").asText().equals("user")) {
            history.add(
                Kind.ROW,
                series(session),
                text.substring(text.lastIndexOf(' ') + 1),
                0,
                "node-" + (node + 1));
          }
        }
      }
    }
  }

  private JsonNode rows(ParleyClient client, long session) throws InterruptedException {
    long until = history.now() + READ_FOR_MS;
    while (true) {
      try {
        return await(
                client.request(
                    "chat.history",
                    Json.object().put("sessionKey", sessionKey(session)).put("limit", MOST_ROWS)),
                READ_MS)
            .path("messages");
      } catch (ParleyException refused) {
        if (!refused.code().retryable() || history.now() > until) {
          throw refused;
        }
        TimeUnit.MILLISECONDS.sleep(500);
      }
    }
  }
}
