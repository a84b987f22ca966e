package dev.parley.hub.quota;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Budgets against a model that does the same sums in plain Java. */
class BudgetsModelTest {
  private static RedisServer redis;
  private static Node node;

  enum Action {
    RESERVE,
    RESERVE_AND_DIE,
    SETTLE,
    SETTLE_AGAIN,
    RELEASE,
    RESERVE_AGAIN
  }

  /** One thing a caller does; the numbers mean what the action makes of them. */
  record Step(Action action, int agent, int channel, int tokens, int money, int pick) {}

  @BeforeContainer
  static void start() {
    redis = new RedisServer();
    node = Node.start(redis.vertx(), redis.store());
  }

  @AfterContainer
  static void stop() {
    node.close();
    redis.close();
  }

  @Property(tries = 40)
  void theBooksAreWhatTheModelSays(
      @ForAll("limits") List<Integer> limits, @ForAll("steps") List<Step> steps) {
    Model model = new Model(limits);
    steps.forEach(model::take);
    model.compare();
  }

  /** What is open, and what was used of which budget. */
  private static final class Model {
    private record Open(Spend spend, Reservation held) {}

    private final TenantScope scope = Fixture.tenant();
    private final Limits limits;
    private final List<Integer> max;
    private final List<Open> open = new ArrayList<>();
    private final List<Open> ended = new ArrayList<>();
    private final List<Open> dead = new ArrayList<>();
    private final Map<String, Long> used = new LinkedHashMap<>();
    private final Map<String, Long> books = new LinkedHashMap<>();

    Model(List<Integer> max) {
      this.max = max;
      this.limits = Fixture.budget(max.get(0), max.get(1), max.get(2), max.get(3));
    }

    void take(Step step) {
      switch (step.action) {
        case RESERVE -> reserve(step, Duration.ofMinutes(5), open);
        case RESERVE_AND_DIE -> reserve(step, Duration.ofMillis(1), dead);
        case SETTLE -> settle(step);
        case RELEASE -> release(step);
        case SETTLE_AGAIN -> again(step);
        case RESERVE_AGAIN -> reserveAgain(step);
      }
    }

    private void reserve(Step step, Duration ttl, List<Open> to) {
      Spend spend =
          Spend.of(new AgentId("agent" + step.agent), step.tokens, step.money, ttl)
              .withAgentLimit((long) max.get(4));
      if (step.channel > 0) {
        spend = spend.through("ch_" + step.channel, (long) max.get(5));
      }
      String violated = violated(spend);
      try {
        Reservation held = await(node.budgets().reserve(scope, limits, spend));
        assertEquals(null, violated, "admitted against the model");
        to.add(new Open(spend, held));
        use(spend, spend.tokens(), spend.millicents());
      } catch (ParleyException refused) {
        assertEquals(violated, refused.details().get("limit"));
      }
    }

    private String violated(Spend spend) {
      if (over("tokens", max.get(0), spend.tokens())) {
        return "tokens_per_day";
      }
      if (over("tokens", max.get(1), spend.tokens())) {
        return "tokens_per_month";
      }
      if (over("money", max.get(2), spend.millicents())) {
        return "millicents_per_day";
      }
      if (over("money", max.get(3), spend.millicents())) {
        return "millicents_per_month";
      }
      if (over("agent " + spend.agent(), max.get(4), spend.tokens())) {
        return "agent_tokens_per_day";
      }
      return spend.channel() != null
              && over("channel " + spend.channel(), max.get(5), spend.tokens())
          ? "channel_tokens_per_day"
          : null;
    }

    private boolean over(String budget, long limit, long wanted) {
      return wanted > 0 && used.getOrDefault(budget, 0L) + wanted > limit;
    }

    private void use(Spend spend, long tokens, long money) {
      used.merge("tokens", tokens, Long::sum);
      used.merge("money", money, Long::sum);
      used.merge("agent " + spend.agent(), tokens, Long::sum);
      if (spend.channel() != null) {
        used.merge("channel " + spend.channel(), tokens, Long::sum);
      }
    }

    private void settle(Step step) {
      if (open.isEmpty()) {
        return;
      }
      Open one = open.remove(step.pick % open.size());
      long input = step.tokens / 2;
      long output = step.tokens - input;
      Settlement settled = await(node.budgets().settle(scope, one.held, input, output, step.money));
      long beyond = Math.max(0, step.tokens - one.spend.tokens());
      long beyondMoney = Math.max(0, step.money - one.spend.millicents());
      assertEquals(new Settlement(true, step.tokens, step.money, beyond, beyondMoney), settled);
      use(one.spend, step.tokens - one.spend.tokens(), step.money - one.spend.millicents());
      book(one.spend, input, output, step.money);
      ended.add(one);
    }

    private void release(Step step) {
      if (!open.isEmpty()) {
        Open one = open.remove(step.pick % open.size());
        await(node.budgets().release(scope, one.held));
        use(one.spend, -one.spend.tokens(), -one.spend.millicents());
        ended.add(one);
      }
    }

    private void again(Step step) {
      if (!ended.isEmpty()) {
        Open one = ended.get(step.pick % ended.size());
        assertEquals(
            Settlement.CLOSED,
            await(node.budgets().settle(scope, one.held, step.tokens, 0, step.money)));
      }
    }

    private void reserveAgain(Step step) {
      if (!open.isEmpty()) {
        Open one = open.get(step.pick % open.size());
        assertEquals(one.held, await(node.budgets().reserve(scope, limits, one.spend)));
      }
    }

    private void book(Spend spend, long input, long output, long money) {
      List<String> rows = new ArrayList<>(List.of("/total", "/agents/" + spend.agent()));
      if (spend.channel() != null) {
        rows.add("/channels/" + spend.channel());
      }
      for (String row : rows) {
        books.merge(row + "/inputTokens", input, Long::sum);
        books.merge(row + "/outputTokens", output, Long::sum);
        books.merge(row + "/spentMillicents", money, Long::sum);
      }
    }

    /** Lets what died become overdue, then compares every number. */
    void compare() {
      dead.forEach(one -> book(one.spend, 0, one.spend.tokens(), one.spend.millicents()));
      JsonNode[] report = new JsonNode[1];
      Fixture.eventually(
          () -> {
            report[0] = node.report(scope);
            return await(redis.store().hashSize(Books.reservations(scope))) == open.size();
          });
      books.forEach(
          (pointer, expected) -> assertEquals(expected, Node.sum(report[0], pointer), pointer));
      for (JsonNode limit : report[0].path("limits")) {
        String unit = limit.path("unit").asText().equals("tokens") ? "tokens" : "money";
        assertEquals(used.getOrDefault(unit, 0L), limit.path("used").asLong());
      }
    }
  }

  @Provide
  Arbitrary<List<Integer>> limits() {
    return Arbitraries.integers().between(0, 400).list().ofSize(6);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.of(Action.class),
            Arbitraries.integers().between(0, 2),
            Arbitraries.integers().between(0, 2),
            Arbitraries.integers().between(0, 60),
            Arbitraries.integers().between(0, 60),
            Arbitraries.integers().between(0, 1_000))
        .as(Step::new)
        .list()
        .ofMinSize(5)
        .ofMaxSize(60);
  }
}
