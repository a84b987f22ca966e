package dev.parley.hub.agent.relay;

import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.switchboard.Account;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * The account of a call that another node admitted: asks that node for every hold. What cannot be
 * settled because the node is gone stays held until it expires, so that nothing is overspent.
 */
record AskedAccount(NodeBus bus, String node, String call) implements Account {
  private static final Duration ANSWER = Duration.ofSeconds(5);

  @Override
  public Future<Hold> reserve(long tokens, long millicents) {
    return ask(Wire.RESERVE, new Wire.Wish(tokens, millicents))
        .map(text -> Json.read(text, Hold.class));
  }

  @Override
  public Future<Void> settle(Hold hold, long inputTokens, long outputTokens, long millicents) {
    return ask(Wire.SETTLE, new Wire.Settlement(hold, inputTokens, outputTokens, millicents))
        .mapEmpty();
  }

  @Override
  public Future<Void> release(Hold hold) {
    return ask(Wire.RELEASE, hold).mapEmpty();
  }

  private Future<String> ask(String kind, Object what) {
    return bus.request(node, kind, call, Json.write(what), ANSWER);
  }
}
