package dev.parley.hub.agent.relay;

import dev.parley.hub.switchboard.Account;

/** The kinds of messages of a call that crosses nodes; the id of each is the call's. */
final class Wire {
  /** To the agent's node: the envelope. */
  static final String DELIVER = "deliver";

  /** To the agent's node, for a sent message: its attempt, a space and the envelope. */
  static final String MAIL = "mail";

  /** To the agent's node, for a caller that gives credits: how many, a space and the envelope. */
  static final String STREAM = "stream";

  /**
   * To the agent's node: how many chunks the caller takes in all, those of {@link #STREAM} and
   * those that have come included. So the next one makes up for one that got lost.
   */
  static final String CREDIT = "credit";

  /** To the agent's node: the error that says why it is to stop. */
  static final String CANCEL = "cancel";

  /** To the caller's node: the number of a piece of the reply, from 0, a space and the piece. */
  static final String CHUNK = "chunk";

  /** To the caller's node: how many pieces went before it, a space and the reply. */
  static final String REPLY = "reply";

  /** To the caller's node: the error. */
  static final String FAILURE = "failure";

  /** To the caller's node: the agent is not here. */
  static final String ABSENT = "absent";

  /** Asks the agent's node how many more messages the agent takes. */
  static final String ROOM = "room";

  /** Asks an agent's node whether it is there. */
  static final String PRESENCE = "presence";

  /** Asks the caller's node, which keeps the books, for a hold. */
  static final String RESERVE = "reserve";

  static final String SETTLE = "settle";
  static final String RELEASE = "release";

  private Wire() {}

  /** What a model call asks to hold. */
  record Wish(long tokens, long millicents) {}

  /** What a model call used of its hold. */
  record Settlement(Account.Hold hold, long inputTokens, long outputTokens, long millicents) {}
}
