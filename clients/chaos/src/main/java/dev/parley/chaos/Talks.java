package dev.parley.chaos;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.CallOptions;
import dev.parley.client.CallResult;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;

/**
 * One of several people who talk with the same hosted agent in the same session. Each answer takes
 * its time, so that a fault finds the agent in the midst of one; and while one person waits for a
 * node that stands still, the others make the agent go on elsewhere.
 */
final class Talks extends Traffic {
  private static final int WORDS = 60;
  private static final int TURNS_PER_SESSION = 100;
  private static final long PAUSE_MS = 300;
  private static final long DEADLINE_MS = 30_000;

  private final History history;
  private final ParleyClient client;
  private final String tenant;
  private final String agent;
  private final String person;

  Talks(History history, ParleyClient client, String tenant, String agent, String person) {
    this.history = history;
    this.client = client;
    this.tenant = tenant;
    this.agent = agent;
    this.person = person;
  }

  static String transcript(String tenant, String agent, long session) {
    return "talk:%s/%s:s%d".formatted(tenant, agent, session);
  }

  long sessions() {
    return made() / TURNS_PER_SESSION + 1;
  }

  @Override
  void step(long n) throws InterruptedException {
    long session = n / TURNS_PER_SESSION;
    String id = "%s-%s-%d".formatted(agent, person, n);
    String caller = "talk:%s:%s".formatted(agent, person);
    history.add(Kind.CALLED, caller, id, DEADLINE_MS, "");
    try {
      CallResult result =
          await(
              client.call(
                  tenant + "/" + agent,
                  TextNode.valueOf("repeat %d %s".formatted(WORDS, id)),
                  CallOptions.defaults()
                      .conversation("agent:%s:s%d".formatted(agent, session))
                      .timeout(Duration.ofMillis(DEADLINE_MS))),
              DEADLINE_MS + 2 * Checker.GRACE_MS);
      String said = result.payload().path("text").asText();
      history.add(Kind.REPLIED, caller, id, 0, said.replaceFirst(" .*", ""));
      history.add(Kind.ANSWERED, transcript(tenant, agent, session), id, n, person);
    } catch (ParleyException failure) {
      history.add(Kind.FAILED, caller, id, 0, failure.code().wireName());
    }
    Thread.sleep(PAUSE_MS);
  }
}
