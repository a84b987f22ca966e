package dev.parley.hub.model;

/**
 * Tokens of one model call.
 *
 * @param input of the prompt
 * @param output of the answer, hidden reasoning included
 * @param reported whether the provider said so; otherwise counted by us, never too low
 */
public record TokenUsage(long input, long output, boolean reported) {
  /** Nothing was used. */
  public static final TokenUsage NONE = new TokenUsage(0, 0, true);

  public long total() {
    return input + output;
  }
}
