package dev.parley.cli.connect;

import dev.parley.client.AgentContext;
import dev.parley.client.AgentMessage;
import dev.parley.client.ParleyClient;

/** A program that answers the messages to an agent. */
interface Program extends AutoCloseable {
  /**
   * Starts what runs all the time.
   *
   * @throws dev.parley.protocol.error.ParleyException when there is no such program
   */
  default void start() {}

  /** Lets the program make calls. */
  default void connected(ParleyClient connection) {}

  /** Handles a message, and answers it through its context once. Does not block. */
  void handle(AgentMessage message, AgentContext context);

  /** Ends every process of the program. */
  @Override
  void close();
}
