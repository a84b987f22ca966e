package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Key;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.frame.Json;

/**
 * What a sender can ask about its message.
 *
 * @param from who sent it
 * @param view as the contract has it
 */
public record MailRecord(Party from, ObjectNode view) {
  private static final int LINES = 5;

  /**
   * Where it is kept: with the receiver; of a message inside a tenant it is also what tells that
   * the id was used.
   */
  static Key key(TenantScopes scopes, TenantId receiver, TenantId sender, MessageId id) {
    return receiver.equals(sender)
        ? sentKey(scopes, sender, id)
        : scopes.of(HubPrincipals.bookkeeper(receiver)).key("receipt", sender.value(), id.value());
  }

  /** Where a sender finds the record of its message, or only to whom it was. */
  static Key sentKey(TenantScopes scopes, TenantId sender, MessageId id) {
    return scopes.of(HubPrincipals.bookkeeper(sender)).key("sent", id.value());
  }

  /** The record of a message that is accepted; the scripts know its lines, see mail-accept. */
  static String write(Mail mail) {
    Envelope envelope = mail.envelope();
    ObjectNode description =
        Json.object()
            .put("from", envelope.from().toString())
            .put("conversation", envelope.conversation())
            .put("priority", mail.priority().wireName());
    describeChain(envelope, description);
    String accepted = Long.toString(mail.acceptedAt());
    return String.join(
        "\n",
        envelope.to().toString(),
        MailItem.fingerprint(mail),
        String.join(
            " ",
            MailStatus.ACCEPTED.wireName(),
            "0",
            accepted,
            Long.toString(envelope.deadline()),
            accepted),
        "",
        Json.write(description));
  }

  /** Whether a text is a record; else it only says to whom a message was. */
  static boolean isRecord(String text) {
    return text.indexOf('\n') >= 0;
  }

  /** The messages that led to this one, oldest first, and its trace. */
  static void describeChain(Envelope envelope, ObjectNode description) {
    ArrayNode causes = description.putArray("causes");
    for (Cause cause : envelope.causes()) {
      causes
          .addObject()
          .put("message", cause.message().value())
          .put("handler", cause.handler().toString());
    }
    if (envelope.traceparent() != null) {
      description.put("traceparent", envelope.traceparent());
    }
  }

  static MailRecord read(MessageId id, String record) {
    String[] lines = record.split("\n", LINES);
    String[] state = lines[2].split(" ", -1);
    ObjectNode description = Json.parseObject("record", lines[4]);
    ObjectNode view =
        Json.object()
            .put("messageId", id.value())
            .put("to", lines[0])
            .put("conversation", description.path("conversation").asText())
            .put("priority", description.path("priority").asText())
            .put("status", state[0])
            .put("attempts", Long.parseLong(state[1]))
            .put("acceptedAt", Long.parseLong(state[2]))
            .put("expiresAt", Long.parseLong(state[3]))
            .put("changedAt", Long.parseLong(state[4]));
    view.set("causes", description.withArray("causes"));
    if (description.has("traceparent")) {
      view.put("traceparent", description.path("traceparent").asText());
    }
    if (!lines[3].isEmpty()) {
      view.set("error", Json.parse("record", lines[3]));
    }
    return new MailRecord(Party.parse(description.path("from").asText()), view);
  }
}
