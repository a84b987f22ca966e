package dev.parley.hub.agent;

import dev.parley.protocol.address.AgentAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The remote agents that are connected to this node. */
public final class RemoteAgents {
  private final ConcurrentMap<AgentAddress, RemoteAgent> connected = new ConcurrentHashMap<>();
  private final int maxWaiting;
  private volatile Consumer<AgentAddress> onReady = address -> {};
  private volatile Watcher watcher = Watcher.NOBODY;

  /** Hears which agents come and go; called in the order of the events of an agent. */
  public interface Watcher {
    Watcher NOBODY =
        new Watcher() {
          @Override
          public void connected(AgentAddress address) {}

          @Override
          public void gone(AgentAddress address) {}
        };

    void connected(AgentAddress address);

    void gone(AgentAddress address);
  }

  /**
   * Starts without any.
   *
   * @param maxWaiting messages that may wait for one agent while its windows are full
   */
  public RemoteAgents(int maxWaiting) {
    this.maxWaiting = maxWaiting;
  }

  public void attach(AgentAddress address, AgentLink link) {
    connected.compute(
        address,
        (key, present) -> {
          RemoteAgent agent = present == null ? new RemoteAgent(key, maxWaiting) : present;
          agent.attach(link);
          if (present == null) {
            watcher.connected(key);
          }
          return agent;
        });
    onReady.accept(address);
  }

  /**
   * Sets who is told that an agent may take messages: it has connected, here or on a node that
   * knows it here as its place, or its windows have room again of which there was none.
   */
  public void tellReady(Consumer<AgentAddress> listener) {
    onReady = listener;
  }

  /** An agent of which this node is the place has connected to another. */
  public void connectedElsewhere(AgentAddress address) {
    onReady.accept(address);
  }

  /** How many more messages the agent takes through its links to this node. */
  public int room(AgentAddress address) {
    RemoteAgent agent = connected.get(address);
    return agent == null ? 0 : agent.room();
  }

  public void detach(AgentAddress address, AgentLink link) {
    connected.computeIfPresent(
        address,
        (key, agent) -> {
          if (!agent.detach(link)) {
            return agent;
          }
          watcher.gone(key);
          return null;
        });
  }

  /** A link of the agent has room again. */
  public void roomAt(AgentAddress address) {
    RemoteAgent agent = connected.get(address);
    if (agent != null) {
      agent.drain();
      if (agent.takeAwaited()) {
        onReady.accept(address);
      }
    }
  }

  /** Sets who hears of agents that come and go; those that are there already are not told. */
  public void watchedBy(Watcher watching) {
    watcher = watching;
  }

  /** The agents that are connected now. */
  public Set<AgentAddress> addresses() {
    return Set.copyOf(connected.keySet());
  }

  public boolean isConnected(AgentAddress address) {
    return connected.containsKey(address);
  }

  public int count() {
    return connected.size();
  }

  @Nullable RemoteAgent find(AgentAddress address) {
    return connected.get(address);
  }
}
