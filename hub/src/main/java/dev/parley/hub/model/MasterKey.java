package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * A key that tenants' secrets are encrypted with: 256 bits. Its id is the start of its SHA-256, so
 * that a secret says which key it needs.
 */
final class MasterKey {
  static final int BYTES = 32;

  private final String id;
  private final SecretKey key;

  private MasterKey(byte[] bytes) {
    this.id = HexFormat.of().formatHex(sha256(bytes), 0, 4);
    this.key = new SecretKeySpec(bytes, "AES");
  }

  /**
   * Reads a key.
   *
   * @param base64 of 32 bytes
   * @throws ParleyException {@code invalid_request} that does not show the text
   */
  static MasterKey of(String source, String base64) {
    byte[] bytes = decoded(base64.strip());
    if (bytes.length != BYTES) {
      throw ParleyException.invalid(
          "masterKey",
          "%s must hold %d bytes in base64; make some with: openssl rand -base64 %d"
              .formatted(source, BYTES, BYTES));
    }
    return new MasterKey(bytes);
  }

  /** The bytes of a new key. */
  static byte[] random() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  /** Eight hexadecimal digits. */
  String id() {
    return id;
  }

  SecretKey key() {
    return key;
  }

  @Override
  public String toString() {
    return "master key " + id;
  }

  private static byte[] decoded(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
