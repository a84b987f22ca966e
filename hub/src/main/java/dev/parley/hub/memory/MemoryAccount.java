package dev.parley.hub.memory;

import dev.parley.hub.quota.Budgets;
import dev.parley.hub.quota.Spend;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import java.time.Duration;

/** A tenant pays for embeddings of its own memory, booked to the agent whose memory it is. */
final class MemoryAccount implements Account {
  private static final Duration HOLD_TIME = Duration.ofMinutes(10);

  private final Budgets budgets;
  private final Tenants tenants;
  private final AgentDirectory agents;
  private final TenantScope scope;
  private final AgentId agent;

  MemoryAccount(
      Budgets budgets, Tenants tenants, AgentDirectory agents, TenantScope scope, AgentId agent) {
    this.budgets = budgets;
    this.tenants = tenants;
    this.agents = agents;
    this.scope = scope;
    this.agent = agent;
  }

  @Override
  public Future<Hold> reserve(long tokens, long millicents) {
    return tenants
        .get(scope.tenant())
        .compose(
            tenant ->
                agents
                    .tokensPerDay(new AgentAddress(scope.tenant(), agent))
                    .compose(
                        limit ->
                            budgets.reserve(
                                scope,
                                tenant.limits(),
                                Spend.of(agent, tokens, millicents, HOLD_TIME)
                                    .withAgentLimit(limit < 0 ? null : limit))))
        .map(reservation -> new Hold(reservation, null));
  }

  @Override
  public Future<Void> settle(Hold hold, long inputTokens, long outputTokens, long millicents) {
    return budgets.settle(scope, hold.usage(), inputTokens, outputTokens, millicents).mapEmpty();
  }

  @Override
  public Future<Void> release(Hold hold) {
    return budgets.release(scope, hold.usage());
  }
}
