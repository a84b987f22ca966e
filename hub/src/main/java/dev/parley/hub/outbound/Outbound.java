package dev.parley.hub.outbound;

import io.vertx.core.Future;

/** Makes whole requests: all that whoever calls out for a tenant needs to see of the network. */
@FunctionalInterface
public interface Outbound {
  /**
   * Sends one request and takes the whole answer.
   *
   * @return fails with {@code invalid_request} naming the address when it leads where it may not,
   *     {@code forbidden} when it redirects to another host, {@code agent_failed} when the answer
   *     is too long, {@code deadline_exceeded}, and {@code unavailable} when the network failed
   */
  Future<OutboundResponse> send(OutboundRequest request, OutboundLimits limits);
}
