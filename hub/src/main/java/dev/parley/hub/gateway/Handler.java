package dev.parley.hub.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;

/** Carries out one operation. */
@FunctionalInterface
public interface Handler {
  /**
   * Carries it out.
   *
   * @param params valid against the operation's schema
   * @return a record or JSON tree of the result schema; fails with a {@code ParleyException}
   */
  Future<?> handle(Caller caller, ObjectNode params);
}
