package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.switchboard.Mail;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * Word to the sender of a message.
 *
 * @param attempt how often it was handed to the agent
 * @param at epoch milliseconds
 * @param error why it was not handled, or null
 */
public record Receipt(
    Mail mail, MailStatus status, int attempt, long at, @Nullable ParleyException error) {

  /** The connections of whose key it is for. */
  public record Addressee(TenantId tenant, String keyId) {}

  /** Takes receipts; must be quick. */
  @FunctionalInterface
  public interface Listener {
    void on(Addressee addressee, ObjectNode receipt);
  }

  Addressee addressee() {
    return new Addressee(mail.envelope().from().tenant(), mail.keyId());
  }

  ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("messageId", mail.envelope().id().value())
            .put("to", mail.envelope().to().toString())
            .put("status", status.wireName())
            .put("attempt", attempt)
            .put("at", at);
    if (error != null) {
      json.set("error", errorJson(error));
    }
    return json;
  }

  static ObjectNode errorJson(ParleyException error) {
    String text = error.text();
    return Json.object()
        .put("code", error.code().wireName())
        .put("message", text.length() > 500 ? text.substring(0, 500) + "…" : text);
  }
}
