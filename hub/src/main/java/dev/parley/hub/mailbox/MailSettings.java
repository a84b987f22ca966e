package dev.parley.hub.mailbox;

import java.time.Duration;

/**
 * Bounds of mailboxes.
 *
 * @param window how long the record of an ended message is kept
 * @param ackTimeout how long an agent may handle a message
 * @param maxAttempts how often a message is handed over
 * @param backOff the first pause before it is handed over again
 */
public record MailSettings(
    Duration window, Duration ackTimeout, int maxAttempts, Duration backOff) {
  /** Messages of one agent that are with it at once, when its window is wider. */
  static final int MAX_AT_AGENT = 256;

  static final long MAX_BACK_OFF_MS = 300_000;

  /** The longest pause that an agent can ask for. */
  static final long MAX_ASKED_PAUSE_MS = 3_600_000;

  /** The pause after this many attempts. */
  long backOffAfter(int attempts) {
    long doubled = backOff.toMillis() << Math.min(20, Math.max(0, attempts - 1));
    return Math.min(MAX_BACK_OFF_MS, doubled);
  }
}
