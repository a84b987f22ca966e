package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;

/** Hears of a chat run while it goes on. Called one at a time and in order. */
public interface ChatListener {
  /** A listener that waits for the end. */
  ChatListener NONE = delta -> {};

  /** The reply grew by this text. */
  void onText(String delta);

  /**
   * The agent began to use a tool.
   *
   * @param arguments what it gave the tool; missing when the hub does not tell
   */
  default void onToolStarted(String tool, JsonNode arguments) {}

  /**
   * The tool answered.
   *
   * @param result what it answered; missing when the hub does not tell
   */
  default void onToolEnded(String tool, boolean failed, JsonNode result) {}
}
