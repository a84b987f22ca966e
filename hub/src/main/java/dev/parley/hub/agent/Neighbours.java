package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.hub.access.Principal;
import io.vertx.core.Future;

/** Whom an agent may call: what its tool {@code list_agents} shows. */
@FunctionalInterface
public interface Neighbours {
  /** Objects {@code {address, name, description}}, at most 100. */
  Future<ArrayNode> of(Principal agent);
}
