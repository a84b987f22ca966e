package dev.parley.hub.model;

/**
 * What a model costs.
 *
 * @param inputPer1k millicents (1/100,000 of the currency's unit) for 1,000 tokens of the prompt
 * @param outputPer1k the same for the answer
 */
public record ModelPrice(long inputPer1k, long outputPer1k) {
  public static final ModelPrice FREE = new ModelPrice(0, 0);

  public ModelPrice {
    if (inputPer1k < 0 || outputPer1k < 0) {
      throw new IllegalArgumentException("a price is at least 0");
    }
  }

  /** Millicents of so many tokens, rounded up. */
  public long of(long inputTokens, long outputTokens) {
    long thousandths =
        Math.addExact(
            Math.multiplyExact(inputPer1k, inputTokens),
            Math.multiplyExact(outputPer1k, outputTokens));
    return thousandths / 1000 + (thousandths % 1000 == 0 ? 0 : 1);
  }

  public long of(TokenUsage usage) {
    return of(usage.input(), usage.output());
  }
}
