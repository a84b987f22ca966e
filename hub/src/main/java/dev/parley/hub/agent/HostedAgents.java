package dev.parley.hub.agent;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.memory.Memories;
import dev.parley.hub.model.Models;
import dev.parley.hub.session.Fencing;
import dev.parley.hub.session.FencingToken;
import dev.parley.hub.session.Sessions;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hosted agents that are active on this node: activates on demand, passivates the idle. */
public final class HostedAgents {
  private static final Logger LOG = LoggerFactory.getLogger(HostedAgents.class);
  private static final long SWEEP_MS = 1_000;

  /** What hosted agents work with; made in {@code Hub}. */
  public record Parts(
      TenantScopes scopes,
      Agents agents,
      Models models,
      Sessions sessions,
      Fencing fencing,
      Workspaces workspaces,
      Memories memories,
      Switchboard switchboard,
      Neighbours neighbours,
      ToolBox plugins,
      RunIds runIds,
      RunListener listener,
      Clock clock) {}

  private final Vertx vertx;
  private final HostedSettings settings;
  private final Parts parts;

  /** Of no agent: what an agent deploys on its own context ends with it. */
  private final Context outside;

  private final ConcurrentMap<AgentAddress, HostedAgent> active = new ConcurrentHashMap<>();

  public HostedAgents(Vertx vertx, HostedSettings settings, Parts parts) {
    this.vertx = vertx;
    this.settings = settings;
    this.parts = parts;
    this.outside = vertx.getOrCreateContext();
    vertx.setPeriodic(SWEEP_MS, timer -> passivateIdle());
  }

  /**
   * The agent, activated when it was not.
   *
   * @throws ParleyException {@code unavailable} when this node has as many active as it takes
   */
  public Endpoint endpoint(AgentAddress address, AgentDefinition definition) {
    HostedAgent present = active.get(address);
    return present != null ? present : activate(address);
  }

  /** A passive agent is idle: its next message wakes it. */
  public AgentPresence presence(AgentAddress address) {
    HostedAgent present = active.get(address);
    return present == null ? AgentPresence.IDLE : present.presence();
  }

  public int activeCount() {
    return active.size();
  }

  /** Whether one of them has something under way. */
  public boolean isBusy() {
    return active.values().stream().anyMatch(HostedAgent::isBusy);
  }

  HostedSettings settings() {
    return settings;
  }

  Parts parts() {
    return parts;
  }

  HostedAgent activate(AgentAddress address) {
    if (active.size() >= settings.maxActive()) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE, "this hub has as many agents active as it takes")
          .retryAfter(1_000);
    }
    return active.computeIfAbsent(
        address,
        key -> {
          HostedAgent agent = new HostedAgent(key, this);
          outside.runOnContext(go -> deploy(key, agent));
          return agent;
        });
  }

  private void deploy(AgentAddress address, HostedAgent agent) {
    vertx
        .deployVerticle(agent)
        .onFailure(
            failure -> {
              LOG.error("agent {} could not be activated", address, failure);
              active.remove(address, agent);
              agent.abandon(notActivated(address, failure));
            });
  }

  /** Delivers to another activation of the agent on this node, as this one is over. */
  void redeliver(AgentAddress address, Delivery delivery) {
    try {
      activate(address).deliver(delivery);
    } catch (ParleyException refusal) {
      delivery.fail(refusal);
    }
  }

  private static ParleyException notActivated(AgentAddress agent, Throwable failure) {
    return failure instanceof ParleyException known
        ? known
        : new ParleyException(
                ErrorCode.UNAVAILABLE, "agent " + agent + " could not be activated", failure)
            .retryAfter(1_000);
  }

  /** Takes the agent over for an activation; ends that when it is taken over in turn. */
  Future<FencingToken> take(HostedAgent agent) {
    AgentAddress address = agent.address();
    return parts
        .fencing()
        .take(
            parts.scopes().of(HubPrincipals.agent(address)),
            address.agent(),
            () -> superseded(agent));
  }

  private void superseded(HostedAgent agent) {
    AgentAddress address = agent.address();
    if (active.remove(address, agent)) {
      LOG.warn("agent {} was taken over by another node; what it did here is given up", address);
      agent
          .giveWay(
              new ParleyException(
                      ErrorCode.UNAVAILABLE,
                      "another node of the hub has taken agent %s over; try again"
                          .formatted(address))
                  .retryAfter(500))
          .eventually(() -> vertx.undeploy(agent.deploymentID()))
          .onFailure(failure -> LOG.warn("agent {} did not stop", address, failure));
    }
  }

  private void passivateIdle() {
    long idleSince = System.nanoTime() - settings.idleTimeout().toNanos();
    for (HostedAgent agent : active.values()) {
      if (agent.passivate(idleSince)) {
        active.remove(agent.address(), agent);
        vertx
            .undeploy(agent.deploymentID())
            .onFailure(failure -> LOG.warn("agent {} did not stop", agent.address(), failure));
      }
    }
  }

  /** Passivates all; what runs is cancelled. */
  public Future<Void> close() {
    ParleyException stopping = stopping();
    List<Future<Void>> ending = new ArrayList<>();
    active.forEach((address, agent) -> ending.add(agent.drain(stopping)));
    active.clear();
    return Future.join(ending).mapEmpty();
  }

  private static ParleyException stopping() {
    return new ParleyException(ErrorCode.UNAVAILABLE, "the hub is stopping; try again in a moment")
        .retryAfter(2_000);
  }
}
