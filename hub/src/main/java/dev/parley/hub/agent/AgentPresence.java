package dev.parley.hub.agent;

import java.util.Locale;

/** Whether an agent is there, as those may know who may call it. */
public enum AgentPresence {
  /** Nobody takes its messages. */
  OFFLINE,
  /** It is about to be there: it is being activated, or has said that it would be by now. */
  WAKING,
  /** It takes messages and has none under way. */
  IDLE,
  /** It takes messages and is at work. */
  ONLINE;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one that is more there. */
  public AgentPresence or(AgentPresence other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
