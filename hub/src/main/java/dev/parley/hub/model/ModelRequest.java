package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.List;

/**
 * What a model is asked.
 *
 * @param model the model's name without its provider, for example {@code parley-1}
 * @param system the system prompt, empty for none
 * @param messages the conversation, oldest first, ending with a user's text or tool results
 * @param tools what the model may call, each name once
 * @param maxOutputTokens the most tokens of the answer, at least 1
 * @param timeout for the whole run, retries included; more than 0
 */
public record ModelRequest(
    String model,
    String system,
    List<ModelMessage> messages,
    List<ToolSpec> tools,
    int maxOutputTokens,
    Duration timeout) {

  /**
   * Validates and copies.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public ModelRequest {
    if (messages.isEmpty()) {
      throw ParleyException.invalid("messages", "a model needs at least one message");
    }
    if (maxOutputTokens < 1) {
      throw ParleyException.invalid(
          "maxOutputTokens", "maxOutputTokens must be at least 1, got " + maxOutputTokens);
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw ParleyException.invalid("timeout", "timeout must be more than 0, got " + timeout);
    }
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
  }
}
