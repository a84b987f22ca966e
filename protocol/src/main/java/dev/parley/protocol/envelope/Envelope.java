package dev.parley.protocol.envelope;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way.
 *
 * @param id unique to this message
 * @param from who sends it; set by the hub from the authenticated principal, never believed
 * @param to the agent that is to handle it
 * @param conversation groups messages, scoped to the pair of parties: 1 to 128 ASCII letters,
 *     digits or {@code - _ . : /}
 * @param causes the messages that led to this one, oldest first; its length is the number of hops
 * @param deadline when the sender stops waiting, in epoch milliseconds
 * @param traceparent W3C Trace Context header of the sender, or null
 * @param rights what may still be done because of this message, as names of permissions; set by the
 *     hub, each hop takes away and none adds; null when nothing was taken away
 * @param payload opaque to the hub
 */
public record Envelope(
    MessageId id,
    Party from,
    AgentAddress to,
    String conversation,
    List<Cause> causes,
    long deadline,
    @Nullable String traceparent,
    Kind kind,
    @Nullable List<String> rights,
    RawJson payload) {
  public static final int MAX_CONVERSATION_LENGTH = 128;

  /**
   * Validates the conversation.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code conversation}
   */
  public Envelope {
    requireConversation(conversation);
    causes = List.copyOf(causes);
    rights = rights == null ? null : List.copyOf(rights);
  }

  /** A message from which no rights were taken away. */
  public Envelope(
      MessageId id,
      Party from,
      AgentAddress to,
      String conversation,
      List<Cause> causes,
      long deadline,
      @Nullable String traceparent,
      Kind kind,
      RawJson payload) {
    this(id, from, to, conversation, causes, deadline, traceparent, kind, null, payload);
  }

  /**
   * Returns {@code conversation} when it is the name of one.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code conversation}
   */
  public static String requireConversation(String conversation) {
    if (!isConversation(conversation)) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "conversation must be 1 to %d ASCII letters, digits or any of - _ . : /"
                  .formatted(MAX_CONVERSATION_LENGTH))
          .with("field", "conversation");
    }
    return conversation;
  }

  /** The same message with another deadline. */
  public Envelope until(long newDeadline) {
    return new Envelope(
        id, from, to, conversation, causes, newDeadline, traceparent, kind, rights, payload);
  }

  /** How many agents have passed the work on before this message. */
  public int hops() {
    return causes.size();
  }

  private static boolean isConversation(String text) {
    int length = text.length();
    if (length == 0 || length > MAX_CONVERSATION_LENGTH) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      boolean allowed =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= ':') || c == '_';
      if (!allowed) {
        return false;
      }
    }
    return true;
  }
}
