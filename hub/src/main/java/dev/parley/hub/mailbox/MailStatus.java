package dev.parley.hub.mailbox;

import java.util.Locale;

/** What has become of a message. */
public enum MailStatus {
  ACCEPTED,
  DELIVERED,
  HANDLED,
  FAILED,
  EXPIRED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
