package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.Future;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** The nodes that serve mailboxes, each those of the agents whose place it is. */
interface Places {
  /** This node's name, new with every start. */
  String self();

  /** Whether the agent's mailbox is served here. */
  boolean isHere(AgentAddress agent);

  /** Tells the node that serves the agent's mailbox that there may be something to do. */
  void wake(AgentAddress agent);

  /**
   * Asks the other nodes that have messages of a mailbox out to leave the mailbox to this one.
   *
   * @param holders looks up who has messages out
   * @return the conversations of which they have a message with the agent and will see to the end
   */
  Future<List<String>> standDown(AgentAddress agent, Supplier<Future<Set<String>>> holders);

  /** Passes a receipt on to the node that accepted the message; false when that is not another. */
  boolean passOn(String node, Receipt.Addressee addressee, ObjectNode receipt);

  /** A hub of its own. */
  record Alone(String self) implements Places {
    @Override
    public boolean isHere(AgentAddress agent) {
      return true;
    }

    @Override
    public void wake(AgentAddress agent) {}

    @Override
    public Future<List<String>> standDown(
        AgentAddress agent, Supplier<Future<Set<String>>> holders) {
      return Future.succeededFuture(List.of());
    }

    @Override
    public boolean passOn(String node, Receipt.Addressee addressee, ObjectNode receipt) {
      return false;
    }
  }
}
