package dev.parley.hub.agent;

import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An agent behind one or more sockets. A message goes to the link with the fewest in flight; when
 * all windows are full it waits in a bounded queue for the first that opens. Thread-safe.
 */
final class RemoteAgent implements Endpoint {
  private final AgentAddress address;
  private final int maxWaiting;
  private final List<AgentLink> links = new ArrayList<>(1);
  private final Deque<Delivery> waiting = new ArrayDeque<>(0);
  private boolean awaited;

  RemoteAgent(AgentAddress address, int maxWaiting) {
    this.address = address;
    this.maxWaiting = maxWaiting;
  }

  @Override
  public void deliver(Delivery delivery) {
    ParleyException refusal = null;
    synchronized (this) {
      if (links.isEmpty()) {
        refusal = offline(address);
      } else if (!waiting.isEmpty() || !offer(delivery)) {
        if (waiting.size() >= maxWaiting) {
          refusal = busy();
        } else {
          waiting.addLast(delivery);
        }
      }
    }
    if (refusal != null) {
      delivery.fail(refusal);
    }
  }

  /** How many more messages its windows take; who is told none hears when there are some. */
  synchronized int room() {
    long room = 0;
    for (AgentLink link : links) {
      room += link.room();
    }
    int more = (int) Math.max(0, Math.min(room - waiting.size(), Integer.MAX_VALUE));
    awaited = awaited || more == 0;
    return more;
  }

  /** Whether somebody was told that there is no room, since this was asked last. */
  synchronized boolean takeAwaited() {
    boolean was = awaited;
    awaited = false;
    return was;
  }

  /** Whether one of its links has something under way. */
  synchronized AgentPresence presence() {
    boolean atWork = !waiting.isEmpty();
    for (AgentLink link : links) {
      atWork = atWork || link.inFlight() > 0;
    }
    return atWork ? AgentPresence.ONLINE : AgentPresence.IDLE;
  }

  synchronized void attach(AgentLink link) {
    links.add(link);
    drain();
  }

  /** Forgets a link; answers whether the agent is now without any. */
  boolean detach(AgentLink link) {
    List<Delivery> stranded;
    synchronized (this) {
      links.remove(link);
      if (!links.isEmpty()) {
        return false;
      }
      stranded = List.copyOf(waiting);
      waiting.clear();
    }
    stranded.forEach(delivery -> delivery.fail(offline(address)));
    return true;
  }

  /** Hands over what waits, as far as the windows reach. */
  synchronized void drain() {
    while (!waiting.isEmpty() && (waiting.getFirst().ended() || offer(waiting.getFirst()))) {
      waiting.removeFirst();
    }
  }

  private boolean offer(Delivery delivery) {
    AgentLink best = leastBusy();
    return best != null && best.offer(delivery);
  }

  private @Nullable AgentLink leastBusy() {
    AgentLink best = null;
    for (AgentLink link : links) {
      if (best == null || link.inFlight() < best.inFlight()) {
        best = link;
      }
    }
    return best;
  }

  static ParleyException offline(AgentAddress address) {
    return new ParleyException(
            ErrorCode.AGENT_OFFLINE,
            "agent %s is not connected; its owner connects it with: parley connect %s --exec …"
                .formatted(address, address))
        .retryAfter(5_000);
  }

  private ParleyException busy() {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "agent %s is busy: %d messages wait for it already".formatted(address, maxWaiting))
        .with("limit", "agent_waiting")
        .with("owner", "agent " + address)
        .with("used", maxWaiting)
        .with("max", maxWaiting)
        .retryAfter(1_000);
  }
}
