package dev.parley.hub.switchboard;

/** Where an agent takes its messages: hosted in this node, or behind a socket. */
public interface Endpoint {
  /**
   * Takes a message. Must not block and must not throw; a message that cannot be taken is failed.
   * The endpoint answers through the delivery, on any thread.
   */
  void deliver(Delivery delivery);
}
