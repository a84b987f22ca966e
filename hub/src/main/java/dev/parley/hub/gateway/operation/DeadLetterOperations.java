package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.mailbox.DeadLetters;
import dev.parley.hub.mailbox.Letter;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** Messages that were not handled. An agent sees those that it has sent itself. */
public final class DeadLetterOperations {
  private static final int PAGE = 50;

  private final Switchboard switchboard;
  private final DeadLetters letters;

  public DeadLetterOperations(Switchboard switchboard, DeadLetters letters) {
    this.switchboard = switchboard;
    this.letters = letters;
  }

  public void register(OperationTable table) {
    table
        .on("deadletter.list", this::list)
        .on("deadletter.get", (caller, params) -> own(caller, params).map(Letter::whole))
        .on("deadletter.redeliver", this::redeliver)
        .on("deadletter.purge", this::purge);
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    return letters
        .list(caller.scope(), params.path("cursor").textValue(), params.path("limit").asInt(PAGE))
        .map(
            page -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("letters");
              for (ObjectNode letter : page.letters()) {
                Party from = Party.parse(letter.path("from").asText());
                if (MessageOperations.isOwn(caller.principal(), from)) {
                  list.add(letter);
                }
              }
              return page.next() == null ? result : result.put("cursor", page.next());
            });
  }

  private Future<ObjectNode> redeliver(Caller caller, ObjectNode params) {
    return own(caller, params)
        .compose(
            letter ->
                letters
                    .idOfNext(caller.scope(), params.path("id").asText())
                    .compose(next -> send(caller, letter.mail(), next))
                    .compose(
                        sent ->
                            letters
                                .purge(caller.scope(), params.path("id").asText())
                                .map(
                                    gone ->
                                        Json.object()
                                            .put("messageId", sent.id().value())
                                            .put("status", sent.status())
                                            .put(
                                                "redelivers",
                                                letter.mail().envelope().id().value()))));
  }

  private Future<Switchboard.Sent> send(Caller caller, Mail dead, MessageId next) {
    Principal principal = caller.principal();
    Envelope envelope = dead.envelope();
    CallOrder order =
        new CallOrder(
            principal,
            principal.agent() == null ? envelope.from().agent() : null,
            dead.target(),
            envelope.payload(),
            envelope.conversation(),
            dead.ttlMs(),
            Kind.SEND,
            null,
            next,
            envelope.traceparent());
    return switchboard.sendAgain(order, dead.priority(), envelope);
  }

  private Future<ObjectNode> purge(Caller caller, ObjectNode params) {
    boolean all = params.path("all").asBoolean(false);
    if (all == params.has("id")) {
      throw ParleyException.invalid("id", "name one letter with id, or say all: true");
    }
    if (all) {
      requirePerson(caller.principal());
      return letters.purge(caller.scope(), null).map(DeadLetterOperations::purged);
    }
    return own(caller, params)
        .compose(letter -> letters.purge(caller.scope(), params.path("id").asText()))
        .map(DeadLetterOperations::purged);
  }

  private static ObjectNode purged(long count) {
    return Json.object().put("purged", count);
  }

  private static void requirePerson(Principal principal) {
    if (principal.agent() != null) {
      throw new ParleyException(
          ErrorCode.FORBIDDEN, "an agent can purge the letters that it has sent, one by one");
    }
  }

  private Future<Letter> own(Caller caller, ObjectNode params) {
    return letters
        .get(caller.scope(), params.path("id").asText())
        .map(
            letter -> {
              if (!MessageOperations.isOwn(caller.principal(), letter.mail().envelope().from())) {
                throw DeadLetters.absent();
              }
              return letter;
            });
  }
}
