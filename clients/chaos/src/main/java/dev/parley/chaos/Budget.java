package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.CallOptions;
import dev.parley.client.ParleyClient;
import dev.parley.client.ParleyRest;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;

/** A tenant whose hosted agent is asked from everywhere for more than the tenant may spend. */
final class Budget {
  private static final long PAUSE_MS = 150;
  private static final long DEADLINE_MS = 10_000;

  private final Town town;
  private final History history;
  private final Town.Member spender;
  private final long tokens;

  Budget(Town town, History history, Town.Member spender, long tokens) {
    this.town = town;
    this.history = history;
    this.spender = spender;
    this.tokens = tokens;
  }

  Town.Member spender() {
    return spender;
  }

  private String series() {
    return "budget:" + spender.tenant();
  }

  void announce() throws Exception {
    town.limitTokens(spender.tenant(), tokens);
    history.add(Kind.LIMIT, series(), "", tokens, "tokens");
  }

  /** What the spender's books say at the end. */
  void report() throws Exception {
    JsonNode usage =
        Town.ask(
            ParleyRest.of(town.fleet().nodes().get(0).url()).key(spender.key()),
            "usage.get",
            Json.object());
    long spent = 0;
    for (JsonNode day : usage.path("days")) {
      JsonNode total = day.path("total");
      spent += total.path("inputTokens").asLong() + total.path("outputTokens").asLong();
    }
    history.add(Kind.SPENT, series(), "", spent, "tokens");
  }

  /** Calls the spender's hosted agent through one node, as long as that is there. */
  Traffic spending(ParleyClient client, int node) {
    return new Traffic() {
      @Override
      void step(long n) throws InterruptedException {
        String series = "spend:" + (node + 1);
        String id = series + ":" + n;
        history.add(Kind.CALLED, series, id, DEADLINE_MS, "");
        try {
          await(
              client.call(
                  spender.tenant() + "/main",
                  "repeat 20 x",
                  CallOptions.defaults()
                      .conversation("agent:main:spend-" + (node + 1))
                      .timeout(Duration.ofMillis(DEADLINE_MS))),
              DEADLINE_MS + 2 * Checker.GRACE_MS);
          history.add(Kind.REPLIED, series, id, 0, id);
        } catch (ParleyException refused) {
          history.add(Kind.FAILED, series, id, 0, refused.code().wireName());
          if (refused.code() == ErrorCode.BUDGET_EXCEEDED) {
            history.add(Kind.DENIED, series(), id, 0, "tokens");
          }
        }
        Thread.sleep(PAUSE_MS);
      }
    };
  }
}
