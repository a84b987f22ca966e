package dev.parley.hub.model;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key that the tenants' secrets are encrypted with: 256 bits from the environment variable
 * {@value #VARIABLE}, or from a file that is made on the first start. Its id is the start of its
 * SHA-256, so that a secret says which key it needs and a later rotation can hold several.
 */
public final class MasterKey {
  public static final String VARIABLE = "PARLEY_MASTER_KEY";
  static final String FILE = "master.key";
  static final int BYTES = 32;

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final String id;
  private final SecretKey key;

  private MasterKey(byte[] bytes) {
    this.id = HexFormat.of().formatHex(sha256(bytes), 0, 4);
    this.key = new SecretKeySpec(bytes, "AES");
  }

  /**
   * Takes the key from the environment, or from {@code <data>/master.key}, which is created (mode
   * 600) when it is absent. Blocks on the disk.
   *
   * @throws ParleyException {@code invalid_request} when the key is malformed or its file can be
   *     read or written by others; {@code unavailable} when the disk fails
   */
  public static MasterKey load(Path data, Map<String, String> environment) {
    String set = environment.get(VARIABLE);
    if (set != null && !set.isBlank()) {
      return of(VARIABLE, set);
    }
    Path file = data.resolve(FILE);
    try {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        create(data, file);
      }
      return read(file);
    } catch (IOException e) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot read or create the master key %s (%s); repair the disk or set %s"
              .formatted(file, e.getClass().getSimpleName(), VARIABLE));
    }
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

  private static MasterKey read(Path file) throws IOException {
    Set<PosixFilePermission> permissions =
        Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw ParleyException.invalid("masterKey", file + " must be a regular file, not a link");
    }
    if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
      throw ParleyException.invalid(
          "masterKey",
          "%s has mode %s and others could take the key: chmod 600 it, or replace the key"
              .formatted(file, PosixFilePermissions.toString(permissions)));
    }
    return of(file.toString(), Files.readString(file, StandardCharsets.US_ASCII));
  }

  /** Writes a new key beside the file and links it into place, so that no start sees a part. */
  private static void create(Path data, Path file) throws IOException {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    byte[] text =
        (Base64.getEncoder().encodeToString(bytes) + "\n").getBytes(StandardCharsets.US_ASCII);
    Path draft = data.resolve("." + FILE + "." + UUID.randomUUID());
    try (FileChannel channel =
        FileChannel.open(
            draft,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      channel.write(ByteBuffer.wrap(text));
      channel.force(true);
      linkUnlessThere(file, draft);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /** Where another hub was faster, its key is the one. */
  private static void linkUnlessThere(Path file, Path draft) throws IOException {
    try {
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException anotherHubWasFaster) {
      return;
    }
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
