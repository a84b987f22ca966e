package dev.parley.hub.cluster;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What is derived from the cluster secret (HMAC-SHA-256, RFC 2104): the cluster's name, so that
 * Hazelcast lets nobody in who lacks the secret, and the tag of each message on the event bus.
 */
final class ClusterKeys {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int NAME_BYTES = 16;

  private final SecretKeySpec messageKey;
  private final String clusterName;

  ClusterKeys(String secret) {
    SecretKeySpec root = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    messageKey = new SecretKeySpec(mac(root, "message"), ALGORITHM);
    clusterName = "parley-" + HexFormat.of().formatHex(mac(root, "name"), 0, NAME_BYTES);
  }

  String clusterName() {
    return clusterName;
  }

  /** The tag of a message; each part counts with its length. */
  String tag(String... parts) {
    return Base64.getEncoder().encodeToString(mac(messageKey, parts));
  }

  boolean fits(String tag, String... parts) {
    return MessageDigest.isEqual(
        tag.getBytes(StandardCharsets.UTF_8), tag(parts).getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] mac(SecretKeySpec key, String... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      for (String part : parts) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        mac.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        mac.update(bytes);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + ALGORITHM, e);
    }
  }
}
