package dev.parley.hub.switchboard;

import dev.parley.hub.quota.Reservation;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * Who pays for the model calls of one delivery, as the agent that makes them sees it. Everything is
 * reserved before it is spent. The books are kept on the node that admitted the call.
 */
public interface Account {

  /** Tokens and money held for one model call. */
  record Hold(Reservation usage, @Nullable Reservation sale) {}

  /**
   * Reserves the worst case of one model call.
   *
   * @param tokens prompt and longest reply together
   * @param millicents what the model's provider may charge for it
   * @return fails with {@code budget_exceeded}; when another tenant pays, without its amounts
   */
  Future<Hold> reserve(long tokens, long millicents);

  /** Books what a model call used and gives the rest back. */
  Future<Void> settle(Hold hold, long inputTokens, long outputTokens, long millicents);

  /** Gives a hold back: the model call did not happen. */
  Future<Void> release(Hold hold);
}
