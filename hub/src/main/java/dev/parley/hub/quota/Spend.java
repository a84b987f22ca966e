package dev.parley.hub.quota;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is about to be spent at worst: for a model call its prompt and the longest reply, for a
 * priced call its price.
 *
 * @param id names the reservation, 2 to 64 ASCII letters, digits, - or _; reserving the same again
 *     while it is open debits once
 * @param agent the payer's agent that spends, or to which a call through a channel is booked
 * @param channel the channel the call goes through, or null
 * @param tokens 0 to {@value #MAX_AMOUNT}
 * @param millicents 0 to {@value #MAX_AMOUNT}
 * @param agentTokensPerDay the agent's own limit inside its tenant's, or null
 * @param channelTokensPerDay the channel's own limit, or null
 * @param seller who earns the money, or null when no tenant does
 * @param ttl how long the holder may take, 1 ms to 1 day; what is not settled by then counts as
 *     spent
 */
public record Spend(
    String id,
    AgentId agent,
    @Nullable String channel,
    long tokens,
    long millicents,
    @Nullable Long agentTokensPerDay,
    @Nullable Long channelTokensPerDay,
    @Nullable Seller seller,
    Duration ttl) {
  /** Sums of amounts stay exact in Lua, whose numbers are doubles. */
  public static final long MAX_AMOUNT = 1_000_000_000_000L;

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{2,64}");

  /**
   * Checks the amounts.
   *
   * @throws ParleyException {@code invalid_request} naming the field
   */
  public Spend {
    requireAmount("tokens", tokens);
    requireAmount("millicents", millicents);
    requireId("id", id);
    if (channel != null) {
      requireId("channel", channel);
    }
    if (ttl.toMillis() < 1 || ttl.compareTo(Duration.ofDays(1)) > 0) {
      throw ParleyException.invalid(
          "ttl", "a reservation lasts 1 ms to 1 day, not " + ttl.toMillis() + " ms");
    }
  }

  /** A spend of an agent with a new id, without limits of its own, channel or seller. */
  public static Spend of(AgentId agent, long tokens, long millicents, Duration ttl) {
    String id = UUID.randomUUID().toString();
    return new Spend(id, agent, null, tokens, millicents, null, null, null, ttl);
  }

  /** The same under the agent's own limit; null sets none. */
  public Spend withAgentLimit(@Nullable Long tokensPerDay) {
    return new Spend(
        id, agent, channel, tokens, millicents, tokensPerDay, channelTokensPerDay, seller, ttl);
  }

  /** The same through a channel, under the channel's own limit; a null limit sets none. */
  public Spend through(String channelId, @Nullable Long tokensPerDay) {
    return new Spend(
        id, agent, channelId, tokens, millicents, agentTokensPerDay, tokensPerDay, seller, ttl);
  }

  /** The same with its money going to a seller. */
  public Spend earnedBy(Seller seller) {
    return new Spend(
        id,
        agent,
        channel,
        tokens,
        millicents,
        agentTokensPerDay,
        channelTokensPerDay,
        seller,
        ttl);
  }

  static void requireId(String field, String id) {
    if (!ID.matcher(id).matches()) {
      throw ParleyException.invalid(
          field, field + " must be 2 to 64 ASCII letters, digits, - or _");
    }
  }

  static long requireAmount(String field, long amount) {
    if (amount < 0 || amount > MAX_AMOUNT) {
      throw ParleyException.invalid(
          field, "%s must be 0 to %d, got %d".formatted(field, MAX_AMOUNT, amount));
    }
    return amount;
  }
}
