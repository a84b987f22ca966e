package dev.parley.hub.session;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import java.util.List;

/**
 * One writer per agent. Taking an agent over increments its token in Redis, in the tenant's hash
 * {@code fences}; a commit under an older one fails. A hub without a cluster is alone on its data
 * and takes no tokens.
 */
public final class Fencing {
  private static final Script TAKE = Script.replicated("fence-take");

  private final Store store;
  private volatile String node = "";
  private volatile Runnable gate = () -> {};

  public Fencing(Store store) {
    this.store = store;
  }

  /**
   * From now on this hub is one of several.
   *
   * @param name of this node, never used by another or by an earlier one; letters, digits, dashes
   * @param mayCommit throws {@code unavailable} while this node must not commit
   */
  public void inCluster(String name, Runnable mayCommit) {
    gate = mayCommit;
    node = name;
  }

  /**
   * Insists that this node may commit.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code unavailable}
   */
  void requireMayCommit() {
    gate.run();
  }

  /** This node's name; empty when it is alone. */
  String node() {
    return node;
  }

  /**
   * Takes an agent over from whoever has it.
   *
   * @param onSuperseded is called when a commit shows that the agent was taken over in turn; may be
   *     called more than once
   */
  public Future<FencingToken> take(TenantScope scope, AgentId agent, Runnable onSuperseded) {
    if (node.isEmpty()) {
      return Future.succeededFuture(FencingToken.NONE);
    }
    String taker = node;
    return Future.succeededFuture()
        .map(
            go -> {
              requireMayCommit();
              return go;
            })
        .compose(go -> take(scope, agent, taker))
        .map(token -> new FencingToken(token + ":" + taker, onSuperseded));
  }

  private Future<Long> take(TenantScope scope, AgentId agent, String taker) {
    return store
        .run(TAKE, List.of(key(scope)), List.of(agent.value(), taker))
        .map(result -> result.integer(0));
  }

  static Key key(TenantScope scope) {
    return scope.key("fences");
  }
}
