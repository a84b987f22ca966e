package dev.parley.hub.memory;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's model made of the chunks of one source, by the hash of the chunk's text, so
 * that a chunk that did not change is not paid for again.
 *
 * @param fingerprint names the model and where it is
 * @param byHash each of the same length, normalised to 1
 */
record Vectors(String fingerprint, Map<String, float[]> byHash) {

  static String hash(String text) {
    return HexFormat.of().formatHex(sha256(text));
  }

  static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  float @Nullable [] of(Chunk chunk) {
    return byHash.get(hash(chunk.text()));
  }

  /** Those of these chunks. */
  Vectors only(List<Chunk> chunks) {
    Map<String, float[]> own = new HashMap<>();
    for (Chunk chunk : chunks) {
      float[] vector = of(chunk);
      if (vector != null) {
        own.put(hash(chunk.text()), vector);
      }
    }
    return new Vectors(fingerprint, own);
  }
}
