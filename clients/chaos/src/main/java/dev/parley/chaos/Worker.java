package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.AgentContext;
import dev.parley.client.AgentHandler;
import dev.parley.client.AgentMessage;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An agent that answers calls with what they ask it to repeat, and writes down what messages ask
 * for. It puts some of them off once, so that they come again.
 */
final class Worker implements AgentHandler {
  private static final int PUTS_OFF = 17;

  /** Acknowledges a moment after the effect, so that faults come in between. */
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS);

  private final History history;
  private final String address;
  private final Set<String> putOff = ConcurrentHashMap.newKeySet();

  Worker(History history, String address) {
    this.history = history;
    this.address = address;
  }

  @Override
  public @Nullable CompletionStage<? extends @Nullable Object> handle(
      AgentMessage message, AgentContext context) {
    if (message.kind() == dev.parley.protocol.envelope.Kind.SEND) {
      JsonNode post = message.payload().path("payload");
      long number = (post.isMissingNode() ? message.payload() : post).path("number").asLong();
      if (number % PUTS_OFF == 0 && putOff.add(message.id())) {
        throw new ParleyException(ErrorCode.UNAVAILABLE, "not now").retryAfter(50);
      }
      if (post.isMissingNode()) {
        history.add(
            Kind.EFFECT, message.payload().path("series").asText(), message.id(), number, "");
      } else {
        String room = post.path("room").asText();
        history.add(
            Kind.EFFECT,
            Posts.series(room, address),
            Posts.delivery(room, address, number),
            number,
            message.id());
      }
      return CompletableFuture.supplyAsync(() -> null, LATER);
    }
    if (message.kind() == dev.parley.protocol.envelope.Kind.STREAM) {
      for (int piece = 0; piece < Calls.PIECES; piece++) {
        context.chunk(piece);
      }
    }
    return CompletableFuture.completedFuture(
        Json.object().put("echo", message.payload().path("echo").asText()));
  }
}
