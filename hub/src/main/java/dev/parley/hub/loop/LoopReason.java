package dev.parley.hub.loop;

import java.util.Locale;

/** Why an edge was opened. */
public enum LoopReason {
  /** Messages go round a ring of agents, and none of them says anything new. */
  NO_NEW_INFORMATION,
  /** One message has led its agent to too many others. */
  FAN_OUT,
  /** One message has led, over all agents that passed the work on, to too many others. */
  CHAIN_MESSAGES,
  /** Chains of calls that were too long or came back were refused here again and again. */
  CHAIN_REFUSED,
  /** The calls cost more a minute than an edge may. */
  SPEND;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  /** The stable name. */
  public String wireName() {
    return wireName;
  }

  static LoopReason of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
