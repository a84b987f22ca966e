package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Payer;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Price;
import dev.parley.hub.quota.Budgets;
import dev.parley.hub.quota.Reservation;
import dev.parley.hub.quota.Seller;
import dev.parley.hub.quota.Spend;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.Party;
import io.vertx.core.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Opens the {@link OpenAccount} of each delivery and keeps its books. */
public final class Accounts {
  private static final long NO_LIMIT = -1;

  /** One tenant as payer: whose books, under which agent and channel. */
  record PayingSide(
      TenantScope scope, AgentId agent, boolean ownAgent, @Nullable Channel channel) {}

  /** Who pays what of a delivery. */
  record Payers(PayingSide caller, PayingSide ofTokens, @Nullable Seller seller) {
    boolean callerPaysTokens() {
      return caller.scope().tenant().equals(ofTokens.scope().tenant());
    }
  }

  private final Tenants tenants;
  private final TenantScopes scopes;
  private final Budgets budgets;
  private final AgentDirectory agents;
  private final Duration holdTime;

  /**
   * Makes the accounts.
   *
   * @param holdTime how long a model call or a priced call may take; longer than any timeout
   */
  public Accounts(
      Tenants tenants,
      TenantScopes scopes,
      Budgets budgets,
      AgentDirectory agents,
      Duration holdTime) {
    this.tenants = tenants;
    this.scopes = scopes;
    this.budgets = budgets;
    this.agents = agents;
    this.holdTime = holdTime;
  }

  /** Opens an account; a price per call is reserved now. Fails with {@code budget_exceeded}. */
  Future<OpenAccount> open(Party from, AgentAddress to, @Nullable Permit permit) {
    Channel channel = permit == null ? null : permit.channel();
    Price price = channel == null ? Price.FREE : channel.price();
    AgentId agent = from.agent() == null ? to.agent() : from.agent();
    PayingSide caller =
        new PayingSide(
            scopes.of(HubPrincipals.bookkeeper(from.tenant())),
            agent,
            from.agent() != null || channel == null,
            channel);
    PayingSide ofTokens =
        channel == null || channel.payer() == Payer.FROM
            ? caller
            : new PayingSide(
                scopes.of(HubPrincipals.bookkeeper(to.tenant())), to.agent(), true, channel);
    Seller seller =
        channel == null || price.millicents() == 0
            ? null
            : new Seller(to.tenant(), to.agent(), channel.id());
    Payers payers = new Payers(caller, ofTokens, seller);
    return price.unit() == Price.Unit.CALL && price.millicents() > 0
        ? holdSale(payers, price.millicents())
            .map(held -> new OpenAccount(this, payers, price, held))
        : Future.succeededFuture(new OpenAccount(this, payers, price, null));
  }

  Future<Reservation> hold(PayingSide side, long tokens, long millicents) {
    return agentLimit(side)
        .compose(
            agentLimit ->
                reserve(
                    side,
                    spend(side, tokens, millicents)
                        .withAgentLimit(agentLimit == NO_LIMIT ? null : agentLimit)));
  }

  Future<Reservation> holdSale(Payers payers, long millicents) {
    Spend spend = spend(payers.caller(), 0, millicents);
    Seller seller = payers.seller();
    return reserve(payers.caller(), seller == null ? spend : spend.earnedBy(seller));
  }

  Future<Void> settle(
      PayingSide side, Reservation held, long inputTokens, long outputTokens, long millicents) {
    return budgets.settle(side.scope(), held, inputTokens, outputTokens, millicents).mapEmpty();
  }

  Future<Void> release(PayingSide side, Reservation held) {
    return budgets.release(side.scope(), held);
  }

  private Spend spend(PayingSide side, long tokens, long millicents) {
    Spend spend = Spend.of(side.agent(), tokens, millicents, holdTime);
    Channel channel = side.channel();
    return channel == null ? spend : spend.through(channel.id(), channel.limits().tokensPerDay());
  }

  private Future<Reservation> reserve(PayingSide side, Spend spend) {
    return tenants
        .get(side.scope().tenant())
        .compose(tenant -> budgets.reserve(side.scope(), tenant.limits(), spend));
  }

  private Future<Long> agentLimit(PayingSide side) {
    return side.ownAgent()
        ? agents.tokensPerDay(new AgentAddress(side.scope().tenant(), side.agent()))
        : Future.succeededFuture(NO_LIMIT);
  }
}
