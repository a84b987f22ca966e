package dev.parley.hub.model;

import java.util.Locale;

/** Why a model stopped. */
public enum StopReason {
  /** It has said what it had to say. */
  STOP,
  /** It waits for the results of its tool calls. */
  TOOL_CALLS,
  /** It reached {@link ModelRequest#maxOutputTokens()}, or the end of its context window. */
  LENGTH,
  /** The provider withheld the answer, or part of it. */
  CONTENT_FILTER;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  /** The lowercase name, for example {@code tool_calls}. */
  public String wireName() {
    return wireName;
  }
}
