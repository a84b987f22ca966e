package dev.parley.protocol.envelope;

/**
 * The text of one JSON value that has been checked and is not parsed further: what is relayed
 * leaves byte for byte as it came ({@code 42} stays {@code 42}, not {@code 42.0}).
 *
 * @param text well-formed JSON (RFC 8259); only {@link dev.parley.protocol.frame.FrameCodec} and
 *     {@link dev.parley.protocol.frame.Json} make one from outside text
 */
public record RawJson(String text) {
  public static final RawJson NULL = new RawJson("null");
  public static final RawJson EMPTY_OBJECT = new RawJson("{}");

  @Override
  public String toString() {
    return text;
  }
}
