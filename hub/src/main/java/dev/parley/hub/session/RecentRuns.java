package dev.parley.hub.session;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The last runs of a session: for each 64 bits of SHA-256 of its id, 64 of its input, and how far
 * it is: 20 bytes, so that a session in use costs little. Two different ids meet in a window of 200
 * runs once in 10^15 windows; who makes them meet on purpose harms one session of their own.
 */
final class RecentRuns {
  private final int capacity;
  private long[] ids = new long[0];
  private long[] inputs = new long[0];
  private RunStatus[] statuses = new RunStatus[0];
  private int size;
  private int oldest;

  RecentRuns(int capacity) {
    this.capacity = capacity;
  }

  /** 64 bits of SHA-256. */
  static long fingerprint(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** Notes a run, forgetting the oldest when there are too many. */
  void add(long id, long input, RunStatus status) {
    int at = size < capacity ? size : oldest;
    if (size < capacity) {
      reserve(++size);
    } else {
      oldest = (oldest + 1) % capacity;
    }
    ids[at] = id;
    inputs[at] = input;
    statuses[at] = status;
  }

  private void reserve(int needed) {
    if (needed > ids.length) {
      int length = Math.min(capacity, Math.max(4, ids.length * 2));
      ids = Arrays.copyOf(ids, length);
      inputs = Arrays.copyOf(inputs, length);
      statuses = Arrays.copyOf(statuses, length);
    }
  }

  /** Where a run is; negative when it is not remembered. */
  int find(long id) {
    for (int i = 0; i < size; i++) {
      if (ids[i] == id) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The status of a run asked for again.
   *
   * @throws ParleyException {@code invalid_request} with reason {@code chat-request-conflict} when
   *     it was started with another input
   */
  RunStatus repeated(int at, long input) {
    if (inputs[at] != input) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "this idempotencyKey was used for another message; use a new one")
          .with("field", "idempotencyKey")
          .with("reason", "chat-request-conflict");
    }
    return status(at);
  }

  RunStatus status(int at) {
    return statuses[at];
  }

  void end(int at, RunStatus status) {
    statuses[at] = status;
  }
}
