package dev.parley.protocol.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A chain of entries: the hash of each covers its text and the hash before it, so that none can be
 * changed, taken out or put in without every later hash being another. Whoever has noted a hash can
 * tell later whether all up to it is still as it was.
 *
 * <p>The hash is SHA-256 (FIPS 180-4) over the hexadecimal hash before, a line feed and the text in
 * UTF-8, as 64 lower-case hexadecimal digits.
 */
public final class AuditChain {
  /** What stands for the hash before the first entry. */
  public static final String START = "0".repeat(64);

  private long next;
  private String hash;

  /** Begins to verify at the first entry. */
  public AuditChain() {
    this(1, START);
  }

  /**
   * Begins to verify in the middle, where older entries have been deleted.
   *
   * @param next the number of the first entry
   * @param hash of the entry before it
   */
  public AuditChain(long next, String hash) {
    this.next = next;
    this.hash = hash;
  }

  /** The hash of an entry that comes after {@code before}. */
  public static String hash(String before, String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(before.getBytes(StandardCharsets.US_ASCII));
      digest.update((byte) '\n');
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Takes the next entry.
   *
   * @param text as it was written, a JSON object with its number as {@code seq}
   * @param told the hash that the log gives for it
   * @return what is wrong with it, in words; empty when it belongs here
   */
  public Optional<String> append(String text, String told) {
    JsonNode entry = Json.parse("entry", text);
    long number = entry.path("seq").asLong();
    if (number != next) {
      return Optional.of("entry %d stands where entry %d belongs".formatted(number, next));
    }
    String counted = hash(hash, text);
    if (!counted.equals(told)) {
      return Optional.of(
          "entry %d was changed, or one before it: its hash is %s, not %s"
              .formatted(number, counted, told));
    }
    next++;
    hash = counted;
    return Optional.empty();
  }

  /** The hash of the last entry taken. */
  public String head() {
    return hash;
  }

  /** The number that the next entry must have. */
  public long next() {
    return next;
  }
}
