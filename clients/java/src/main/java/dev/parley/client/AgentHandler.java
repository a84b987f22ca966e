package dev.parley.client;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What an agent does with a message. Called for several messages at once, up to the window. */
@FunctionalInterface
public interface AgentHandler {
  /**
   * Handles a message.
   *
   * <p>Whatever it throws, or its stage fails with, is a failure of the agent: the caller sees
   * {@code agent_failed}. The message and code of a {@link
   * dev.parley.protocol.error.ParleyException} are told to the caller; those of any other exception
   * are written to the log of this process only, for they may hold what is nobody else's business.
   *
   * @return the reply: a string, a JSON tree, a record, a map, or null; or no stage at all when the
   *     answer is given by {@link AgentContext#reply} or {@link AgentContext#fail}
   */
  @Nullable CompletionStage<? extends @Nullable Object> handle(
      AgentMessage message, AgentContext context) throws Exception;
}
