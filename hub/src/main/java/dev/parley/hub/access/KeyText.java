package dev.parley.hub.access;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * The text of an API key: {@code prl_<tenant>_<id>_<secret>}. The prefix lets secret scanners find
 * a leaked key, tenant and id say where its hash is; the secret has 256 random bits.
 */
record KeyText(TenantId tenant, String id, String text) {
  private static final String PREFIX = "prl_";
  private static final int ID_LENGTH = 12;
  private static final int SECRET_LENGTH = 52;
  private static final int MAX_LENGTH = 160;
  private static final char[] BASE32 = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
  private static final SecureRandom RANDOM = new SecureRandom();

  static KeyText random(TenantId tenant) {
    String id = randomText(ID_LENGTH);
    return new KeyText(
        tenant, id, PREFIX + tenant.value() + '_' + id + '_' + randomText(SECRET_LENGTH));
  }

  /** The parts of a presented key; empty when it has not the form of one. */
  static Optional<KeyText> parse(String text) {
    if (text.length() > MAX_LENGTH || !text.startsWith(PREFIX)) {
      return Optional.empty();
    }
    String[] parts = text.split("_", -1);
    if (parts.length != 4 || parts[2].length() != ID_LENGTH || !isBase32(parts[2])) {
      return Optional.empty();
    }
    try {
      return Optional.of(new KeyText(new TenantId(parts[1]), parts[2], text));
    } catch (ParleyException e) {
      return Optional.empty();
    }
  }

  String hash() {
    return hash(text);
  }

  /** SHA-256, base64url without padding. */
  static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  boolean matches(String hash) {
    return MessageDigest.isEqual(
        hash().getBytes(StandardCharsets.US_ASCII), hash.getBytes(StandardCharsets.US_ASCII));
  }

  /** A random text of {@code length} characters with 5 bits each. */
  static String randomText(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    StringBuilder text = new StringBuilder(length);
    for (byte b : bytes) {
      text.append(BASE32[b & 31]);
    }
    return text.toString();
  }

  private static boolean isBase32(String text) {
    return text.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'));
  }

  @Override
  public String toString() {
    return PREFIX + tenant.value() + '_' + id + "_…";
  }
}
