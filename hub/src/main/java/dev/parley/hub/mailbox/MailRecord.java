package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.switchboard.Mail;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.frame.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a sender can ask about its message.
 *
 * @param from who sent it
 * @param view as the contract has it
 */
public record MailRecord(Party from, ObjectNode view) {

  static String describe(Mail mail) {
    return Json.write(
        Json.object()
            .put("from", mail.envelope().from().toString())
            .put("to", mail.envelope().to().toString())
            .put("conversation", mail.envelope().conversation())
            .put("priority", mail.priority().wireName()));
  }

  static @Nullable MailRecord read(MessageId id, Map<String, String> row) {
    if (!row.containsKey("d")) {
      return null;
    }
    ObjectNode description = Json.parseObject("record", row.get("d"));
    ObjectNode view =
        Json.object()
            .put("messageId", id.value())
            .put("to", description.path("to").asText())
            .put("conversation", description.path("conversation").asText())
            .put("priority", description.path("priority").asText())
            .put("status", row.getOrDefault("s", ""))
            .put("attempts", number(row, "n"))
            .put("acceptedAt", number(row, "a"))
            .put("expiresAt", number(row, "x"))
            .put("changedAt", number(row, "c"));
    String error = row.get("e");
    if (error != null) {
      view.set("error", Json.parse("record", error));
    }
    return new MailRecord(Party.parse(description.path("from").asText()), view);
  }

  private static long number(Map<String, String> row, String field) {
    return Long.parseLong(row.getOrDefault(field, "0"));
  }
}
