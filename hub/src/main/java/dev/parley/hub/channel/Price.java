package dev.parley.hub.channel;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.protocol.error.ParleyException;

/**
 * What one call costs its caller.
 *
 * @param unit what is counted
 * @param millicents per unit, 0 to {@value #MOST}; 1 cent = 1000 millicents
 */
public record Price(Unit unit, long millicents) {
  static final long MOST = 1_000_000_000L;
  private static final long TOKENS_PER_UNIT = 1_000;

  /** No charge. */
  public static final Price FREE = new Price(Unit.CALL, 0);

  /** What is counted. */
  public enum Unit {
    @JsonProperty("call")
    CALL("call"),
    /** 1000 model tokens, prompt and reply. */
    @JsonProperty("kilotoken")
    KILOTOKEN("kilotoken");

    private final String wireName;

    Unit(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }
  }

  /**
   * Validates the amount.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code price}
   */
  public Price {
    if (millicents < 0 || millicents > MOST) {
      throw ParleyException.invalid(
          "price", "price.millicents must be 0 to %d, got %d".formatted(MOST, millicents));
    }
  }

  /**
   * What a call costs that used this many tokens. Rounding: a price per kilotoken is charged for
   * each token, and the sum of one call is rounded up to the next whole millicent, once; a price
   * per call needs none.
   *
   * @param tokens at least 0; no matter for a price per call
   * @return millicents; {@link Long#MAX_VALUE} should the true amount be larger
   */
  public long cost(long tokens) {
    if (tokens < 0) {
      throw new IllegalArgumentException("tokens must be at least 0, got " + tokens);
    }
    return switch (unit) {
      case CALL -> millicents;
      case KILOTOKEN -> {
        long whole = tokens / TOKENS_PER_UNIT;
        long part = (tokens % TOKENS_PER_UNIT * millicents + TOKENS_PER_UNIT - 1) / TOKENS_PER_UNIT;
        long most = millicents == 0 ? Long.MAX_VALUE : (Long.MAX_VALUE - part) / millicents;
        yield whole > most ? Long.MAX_VALUE : whole * millicents + part;
      }
    };
  }

  /** Whether this is at most {@code other}; prices in different units compare only when free. */
  public boolean atMost(Price other) {
    return millicents == 0 || (unit == other.unit && millicents <= other.millicents);
  }

  @Override
  public String toString() {
    return millicents + " millicents per " + unit.wireName;
  }
}
