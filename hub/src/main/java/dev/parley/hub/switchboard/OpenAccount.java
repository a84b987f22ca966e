package dev.parley.hub.switchboard;

import dev.parley.hub.channel.Price;
import dev.parley.hub.quota.Reservation;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * Who pays for one delivery, and what it has cost so far. Model tokens are charged to the side that
 * the channel names as payer, inside a tenant to the tenant; the price of a marketplace listing
 * always to the caller. Everything is reserved before it is spent.
 */
final class OpenAccount implements Account {

  /** What a delivery has cost. */
  record Charge(long millicents, long tokens) {}

  private final Accounts accounts;
  private final Accounts.Payers payers;
  private final Price price;
  private final @Nullable Reservation perCall;
  private long tokens;
  private long modelMillicents;
  private long saleMillicents;

  OpenAccount(
      Accounts accounts, Accounts.Payers payers, Price price, @Nullable Reservation perCall) {
    this.accounts = accounts;
    this.payers = payers;
    this.price = price;
    this.perCall = perCall;
  }

  @Override
  public Future<Hold> reserve(long tokens, long millicents) {
    return accounts
        .hold(payers.ofTokens(), tokens, millicents)
        .recover(this::withoutForeignAmounts)
        .compose(
            usage ->
                price.unit() == Price.Unit.KILOTOKEN && price.millicents() > 0
                    ? accounts
                        .holdSale(payers, price.cost(tokens))
                        .map(sale -> new Hold(usage, sale))
                        .recover(
                            refused ->
                                accounts
                                    .release(payers.ofTokens(), usage)
                                    .transform(done -> Future.failedFuture(refused)))
                    : Future.succeededFuture(new Hold(usage, null)));
  }

  @Override
  public Future<Void> settle(Hold hold, long inputTokens, long outputTokens, long millicents) {
    long sold;
    synchronized (this) {
      tokens += inputTokens + outputTokens;
      modelMillicents += millicents;
      sold = hold.sale() == null ? 0 : price.cost(tokens) - saleMillicents;
      saleMillicents += sold;
    }
    Future<Void> booked =
        accounts.settle(payers.ofTokens(), hold.usage(), inputTokens, outputTokens, millicents);
    Reservation sale = hold.sale();
    return sale == null
        ? booked
        : booked.compose(done -> accounts.settle(payers.caller(), sale, 0, 0, sold));
  }

  @Override
  public Future<Void> release(Hold hold) {
    Future<Void> released = accounts.release(payers.ofTokens(), hold.usage());
    Reservation sale = hold.sale();
    return sale == null
        ? released
        : released.compose(done -> accounts.release(payers.caller(), sale));
  }

  /** Ends the delivery: a price per call is due when it was answered. */
  Future<Charge> close(boolean answered) {
    if (perCall == null) {
      return Future.succeededFuture(charge(0));
    }
    long due = answered ? perCall.millicents() : 0;
    return accounts.settle(payers.caller(), perCall, 0, 0, due).map(done -> charge(due));
  }

  private synchronized Charge charge(long perCallMillicents) {
    long paid = payers.callerPaysTokens() ? modelMillicents : 0;
    return new Charge(paid + saleMillicents + perCallMillicents, tokens);
  }

  private Future<Reservation> withoutForeignAmounts(Throwable failure) {
    if (payers.callerPaysTokens()
        || !(failure instanceof ParleyException e)
        || e.code() != ErrorCode.BUDGET_EXCEEDED) {
      return Future.failedFuture(failure);
    }
    return Future.failedFuture(
        new ParleyException(
                ErrorCode.BUDGET_EXCEEDED,
                "the budget of the called agent's owner is used up; its owner can say when it resets")
            .with("owner", "tenant " + payers.ofTokens().scope().tenant()));
  }
}
