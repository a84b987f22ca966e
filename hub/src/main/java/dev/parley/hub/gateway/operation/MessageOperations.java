package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.mailbox.Mailboxes;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Durable messages. */
public final class MessageOperations {
  private final Switchboard switchboard;
  private final Mailboxes mailboxes;

  public MessageOperations(Switchboard switchboard, Mailboxes mailboxes) {
    this.switchboard = switchboard;
    this.mailboxes = mailboxes;
  }

  public void register(OperationTable table) {
    table.on("agent.send", this::send).on("message.get", this::get);
  }

  private Future<ObjectNode> send(Caller caller, ObjectNode params) {
    MessageId parent = named(params, "parent", MessageId::new);
    Caller.Connection connection = caller.connection();
    CallCause cause = connection == null ? null : connection.cause(parent);
    JsonNode payload = params.path("payload");
    CallOrder order =
        new CallOrder(
            caller.principal(),
            named(params, "from", AgentId::new),
            ParleyException.inField("to", () -> Target.parse(params.path("to").asText())),
            payload.isMissingNode() ? RawJson.NULL : Json.raw(payload),
            params.path("conversation").textValue(),
            params.path("ttlMs").asLong(0),
            Kind.SEND,
            cause,
            named(params, "messageId", MessageId::new),
            null);
    Mail.Priority priority = Mail.Priority.of(params.path("priority").asText("normal"));
    return switchboard
        .send(order, priority)
        .map(
            sent -> Json.object().put("messageId", sent.id().value()).put("status", sent.status()));
  }

  private Future<ObjectNode> get(Caller caller, ObjectNode params) {
    MessageId id = new MessageId(params.path("id").asText());
    return mailboxes
        .get(caller.scope(), id)
        .map(
            found -> {
              requireOwn(caller.principal(), found.from());
              return found.view();
            });
  }

  /** An agent may ask for what it has sent itself, people for all that their tenant has sent. */
  private static void requireOwn(Principal principal, Party from) {
    if (principal.agent() != null && !principal.agent().equals(from.agent())) {
      throw ParleyException.notFound("message");
    }
  }

  private static <T> @Nullable T named(ObjectNode params, String field, Function<String, T> type) {
    String value = params.path(field).textValue();
    return value == null ? null : ParleyException.inField(field, () -> type.apply(value));
  }
}
