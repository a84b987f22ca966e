package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.client.ChatListener;
import dev.parley.client.ChatRequest;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.List;

/**
 * A person who chats with a hosted agent through each node in turn, and the next when one refuses.
 */
final class Chats extends Traffic {
  private static final String AGENT = "main";

  private static final int TURNS_PER_SESSION = 100;
  private static final long PAUSE_MS = 50;
  private static final long REPLY_MS = 20_000;

  private final History history;
  private final String tenant;
  private final List<ParleyClient> byNode;

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
    long session = n / TURNS_PER_SESSION;
    for (int i = 0; i < byNode.size(); i++) {
      int node = (int) ((n + i) % byNode.size());
      String id = "turn-%d-%d".formatted(n, node);
      try {
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
        history.add(Kind.ANSWERED, series(session), id, n, "");
        break;
      } catch (ParleyException refused) {
        history.add(Kind.UNSURE, series(session), id, n, refused.code().wireName());
      }
    }
    Thread.sleep(PAUSE_MS);
  }

  /** Writes down what each node tells of the sessions. */
  void report(Transcripts transcripts) throws InterruptedException {
    for (long session = 0; session <= made() / TURNS_PER_SESSION; session++) {
      transcripts.session(series(session), sessionKey(session));
    }
  }
}
