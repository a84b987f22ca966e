package dev.parley.hub.workspace;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Text as bytes and back, and the tag of either. */
final class FileBytes {
  private static final int BLOCK = 64 << 10;

  private FileBytes() {}

  /**
   * Text as UTF-8.
   *
   * @throws ParleyException {@code invalid_request} naming {@code content}
   */
  static ByteBuffer encode(String content) {
    try {
      return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(content));
    } catch (CharacterCodingException e) {
      throw ParleyException.invalid(
          "content", "the content holds half a surrogate pair and cannot be written as UTF-8");
    }
  }

  /**
   * UTF-8 as text.
   *
   * @throws ParleyException {@code conflict}
   */
  static String decode(WorkspacePath path, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ParleyException(
              ErrorCode.CONFLICT, "%s is not UTF-8 text and cannot be read as such".formatted(path))
          .with("field", "path");
    }
  }

  static String tag(byte[] bytes) {
    return tag(ByteBuffer.wrap(bytes));
  }

  static String tag(ByteBuffer bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes.duplicate());
    return tag(digest);
  }

  static String tag(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The tag of a whole file; its position stays as it is. */
  static String tag(FileChannel file) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    for (long at = 0; ; ) {
      int read = file.read(block.clear(), at);
      if (read < 0) {
        return tag(digest);
      }
      at += read;
      digest.update(block.flip());
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
