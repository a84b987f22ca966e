package dev.parley.hub.agent;

import dev.parley.hub.switchboard.Delivery;

/** A socket of a remote agent, as its endpoint sees it. */
public interface AgentLink {
  /** Hands over a message, unless the link's window is full or it is closing. */
  boolean offer(Delivery delivery);

  /** Messages handed over and not yet answered. */
  int inFlight();

  /** How many more messages it takes now. */
  int room();
}
