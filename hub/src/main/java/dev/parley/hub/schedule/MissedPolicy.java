package dev.parley.hub.schedule;

import java.util.Locale;

/** What happens to ticks at which no hub was there. */
public enum MissedPolicy {
  /** Nothing. */
  SKIP(0),
  /** One message for all of them, unless a tick is due now anyway. */
  ONCE(1),
  /** A message for each of the last hundred. */
  ALL(100);

  private final int most;

  MissedPolicy(int most) {
    this.most = most;
  }

  /** How many missed ticks are made up for. */
  int most() {
    return most;
  }

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The policy of this name; the contract admits no other. */
  public static MissedPolicy of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
