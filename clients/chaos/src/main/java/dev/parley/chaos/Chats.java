package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.client.ChatListener;
import dev.parley.client.ChatReply;
import dev.parley.client.ChatRequest;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.List;

/**
 * A person who chats with a hosted agent through each node in turn, and the next when one refuses.
 */
final class Chats extends Traffic {
  /** What the calls of such people are named by. */
  static final String CALLER = "chat-call:";

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
      String id = "%s-turn-%d-%d".formatted(tenant, n, node);
      history.add(Kind.CALLED, CALLER + tenant, id, REPLY_MS, "");
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
                REPLY_MS + 2 * Checker.GRACE_MS);
        history.add(Kind.REPLIED, CALLER + tenant, id, 0, reply.text().strip());
        history.add(Kind.ANSWERED, series(session), id, n, "");
        break;
      } catch (ParleyException refused) {
        history.add(Kind.FAILED, CALLER + tenant, id, 0, refused.code().wireName());
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
