package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.hub.switchboard.Mail;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.frame.Json;

/**
 * A dead letter: a message that was not handled, whole.
 *
 * @param view what is known of it, as the contract has it, without what {@link #whole} adds
 */
public record Letter(ObjectNode view, Mail mail) {

  /** What is known of a message that has ended like this. */
  static ObjectNode head(
      Mail mail, String status, int attempts, String error, long arrivedAt, int bytes) {
    Envelope envelope = mail.envelope();
    ObjectNode head =
        Json.object()
            .put("messageId", envelope.id().value())
            .put("from", envelope.from().toString())
            .put("to", envelope.to().toString())
            .put("conversation", envelope.conversation())
            .put("priority", mail.priority().wireName())
            .put("status", status)
            .put("attempts", attempts)
            .put("acceptedAt", mail.acceptedAt())
            .put("arrivedAt", arrivedAt)
            .put("bytes", bytes);
    head.set("error", Json.parse("error", error));
    return head;
  }

  static ObjectNode view(String id, String head) {
    ObjectNode view = Json.object().put("id", id);
    view.setAll(Json.parseObject("letter", head));
    return view;
  }

  static String body(String meta, String envelope) {
    return Json.write(Json.object().put("m", meta).put("e", envelope));
  }

  static Letter read(String id, String head, String body) {
    ObjectNode parts = Json.parseObject("letter", body);
    MailItem item =
        MailItem.read("", "", 0, "", parts.path("m").asText(), parts.path("e").asText());
    return new Letter(view(id, head), item.mail());
  }

  /** With the chain of causes and the payload, as it came. */
  public ObjectNode whole() {
    ObjectNode whole = view.deepCopy();
    MailRecord.describeChain(mail.envelope(), whole);
    whole.putRawValue("payload", new RawValue(mail.envelope().payload().text()));
    return whole;
  }
}
