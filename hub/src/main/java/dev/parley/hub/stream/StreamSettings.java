package dev.parley.hub.stream;

import java.time.Duration;

/**
 * Bounds of the streams that can be resumed.
 *
 * @param resumeWindow how long a stream whose caller is away goes on, and how long an answer is
 *     kept
 * @param bufferBytes how much of one stream is kept
 * @param totalBytes how much of all streams of this node; a tenant has at most a quarter of it
 */
public record StreamSettings(Duration resumeWindow, long bufferBytes, long totalBytes) {
  private static final int LARGEST_SHARE = 4;

  public static StreamSettings defaults() {
    return new StreamSettings(Duration.ofSeconds(60), 1 << 20, 64 << 20);
  }

  /** How much of all streams of one tenant is kept. */
  long tenantBytes() {
    return totalBytes / LARGEST_SHARE;
  }
}
