package dev.parley.hub.quota;

import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * One budget that a spend counts against.
 *
 * @param limit its wire name, for example {@code tokens_per_day}
 * @param owner for example {@code tenant acme}
 * @param field of the day's or month's hash
 * @param advice how to get more
 */
record BudgetLevel(
    String limit, String owner, String field, Period period, Unit unit, long max, String advice) {
  private static final String ASK_OPERATOR = "ask the operator of this hub for a higher plan";

  enum Period {
    DAY,
    MONTH;

    long endsAt(long day) {
      return this == DAY ? Books.dayEnd(day) : Books.monthEnd(day);
    }
  }

  enum Unit {
    TOKENS,
    MILLICENTS;

    String wireName() {
      return this == TOKENS ? "tokens" : "millicents";
    }
  }

  /** The tenant's own budgets. */
  static List<BudgetLevel> of(TenantScope scope, Limits limits) {
    String owner = "tenant " + scope.tenant();
    return List.of(
        tenant(
            "tokens_per_day",
            owner,
            Books.DAY_TOKENS,
            Period.DAY,
            Unit.TOKENS,
            Limits.value(limits.tokensPerDay())),
        tenant(
            "tokens_per_month",
            owner,
            Books.MONTH_TOKENS,
            Period.MONTH,
            Unit.TOKENS,
            Limits.value(limits.tokensPerMonth())),
        tenant(
            "millicents_per_day",
            owner,
            Books.DAY_MONEY,
            Period.DAY,
            Unit.MILLICENTS,
            Limits.value(limits.millicentsPerDay())),
        tenant(
            "millicents_per_month",
            owner,
            Books.MONTH_MONEY,
            Period.MONTH,
            Unit.MILLICENTS,
            Limits.value(limits.millicentsPerMonth())));
  }

  /** Every budget that a spend counts against, in the order they are named in. */
  static List<BudgetLevel> of(TenantScope scope, Limits limits, Spend spend) {
    List<BudgetLevel> levels = new ArrayList<>(of(scope, limits));
    if (spend.agentTokensPerDay() != null) {
      levels.add(
          new BudgetLevel(
              "agent_tokens_per_day",
              "agent " + scope.tenant() + "/" + spend.agent(),
              Books.ofAgent(Books.DAY_TOKENS, spend.agent().value()),
              Period.DAY,
              Unit.TOKENS,
              spend.agentTokensPerDay(),
              "raise the limit of the agent"));
    }
    if (spend.channel() != null && spend.channelTokensPerDay() != null) {
      levels.add(
          new BudgetLevel(
              "channel_tokens_per_day",
              "channel " + spend.channel(),
              Books.ofChannel(Books.DAY_TOKENS, spend.channel()),
              Period.DAY,
              Unit.TOKENS,
              spend.channelTokensPerDay(),
              "agree on a channel with a higher limit"));
    }
    return levels;
  }

  private static BudgetLevel tenant(
      String limit, String owner, String field, Period period, Unit unit, long max) {
    return new BudgetLevel(limit, owner, field, period, unit, max, ASK_OPERATOR);
  }

  ParleyException refusal(Spend spend, long used, long day, long nowMs) {
    long requested = unit == Unit.TOKENS ? spend.tokens() : spend.millicents();
    String what = unit.wireName();
    String when = period == Period.DAY ? "today" : "this month";
    long resetsAt = period.endsAt(day);
    return new ParleyException(
            ErrorCode.BUDGET_EXCEEDED,
            "%s has used %d of its %d %s %s and this takes up to %d; wait until %s, or %s"
                .formatted(
                    owner,
                    used,
                    max,
                    what,
                    when,
                    requested,
                    Instant.ofEpochMilli(resetsAt),
                    advice))
        .retryAfter(resetsAt - nowMs)
        .with("limit", limit)
        .with("owner", owner)
        .with("used", used)
        .with("requested", requested)
        .with("max", max)
        .with("resetsAt", resetsAt);
  }
}
