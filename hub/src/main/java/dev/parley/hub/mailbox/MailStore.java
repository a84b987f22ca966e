package dev.parley.hub.mailbox;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The mailboxes in Redis; what each script does is said in its header. */
final class MailStore {
  private static final Script SENT = new Script("mail-sent");
  private static final Script ACCEPT = new Script("mail-accept");
  private static final Script CLAIM = new Script("mail-claim");
  private static final Script END = new Script("mail-end");
  private static final Script RELEASE = new Script("mail-release");
  private static final Script DELIVERED = new Script("mail-delivered");
  private static final Script DUE = new Script("mail-due");

  /** What was claimed, and when a conversation that pauses goes on; negative when none does. */
  record Claim(long nextPause, List<MailItem> items) {}

  /** What is past its deadline, and when the next will be; negative when there is none. */
  record Due(long nextDeadline, List<String> members) {}

  private final Store store;
  private final TenantScopes scopes;
  private final Clock clock;
  private final String hub;
  private final long windowMs;

  /**
   * Works for one hub.
   *
   * @param hub names it in what it takes
   */
  MailStore(Store store, TenantScopes scopes, Clock clock, String hub, long windowMs) {
    this.store = store;
    this.scopes = scopes;
    this.clock = clock;
    this.hub = hub;
    this.windowMs = windowMs;
  }

  /** As {@link dev.parley.hub.switchboard.Mailroom#accept}. */
  Future<String> accept(Mail mail, long most) {
    Envelope envelope = mail.envelope();
    Key sent = scope(envelope.from().tenant()).key("sent", envelope.id().value());
    long taken = envelope.deadline() - mail.acceptedAt() + windowMs;
    return store
        .run(SENT, List.of(sent), List.of(envelope.to().toString(), Long.toString(taken)))
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                throw idTaken(envelope.id());
              }
              boolean fresh = result.integer(1) == 1;
              return append(mail, most)
                  .recover(
                      refused ->
                          fresh && isFull(refused)
                              ? store
                                  .delete(sent)
                                  .transform(deleted -> Future.failedFuture(refused))
                              : Future.failedFuture(refused));
            });
  }

  private Future<String> append(Mail mail, long most) {
    Envelope envelope = mail.envelope();
    AgentAddress to = envelope.to();
    List<Key> keys =
        List.of(
            depth(to.tenant()),
            key(to, "log"),
            key(to, "order"),
            key(to, "ready"),
            key(to, "later"),
            key(to, "busy"),
            expiry(to.tenant()),
            record(to.tenant(), envelope.from().tenant(), envelope.id()));
    List<String> arguments =
        List.of(
            Long.toString(mail.acceptedAt()),
            Long.toString(windowMs),
            MailItem.fingerprint(mail),
            to.agent().value(),
            MailItem.conversationOf(envelope),
            EnvelopeCodec.write(envelope).text(),
            MailItem.meta(mail),
            Long.toString(envelope.deadline()),
            Long.toString(mail.priority().rank(mail.acceptedAt())),
            Long.toString(most),
            envelope.from().tenant().value(),
            envelope.id().value(),
            MailRecord.describe(mail));
    return store
        .run(ACCEPT, keys, arguments)
        .map(
            result ->
                switch ((int) result.integer(0)) {
                  case 1 -> MailStatus.ACCEPTED.wireName();
                  case 0 -> result.text(1);
                  case -1 -> throw idTaken(envelope.id());
                  default -> throw full(to, most);
                });
  }

  /**
   * Takes messages out to hand them over.
   *
   * @param atAgent the conversations of which a message is with the agent
   * @param recover whether what else is out must be put back first
   */
  Future<Claim> claim(AgentAddress agent, int most, boolean recover, Collection<String> atAgent) {
    List<String> arguments = new ArrayList<>();
    arguments.add(Long.toString(clock.millis()));
    arguments.add(hub);
    arguments.add(Integer.toString(most));
    arguments.add(recover ? "1" : "0");
    if (recover) {
      arguments.addAll(atAgent);
    }
    return store
        .run(
            CLAIM,
            List.of(
                key(agent, "ready"),
                key(agent, "later"),
                key(agent, "busy"),
                key(agent, "order"),
                key(agent, "log"),
                key(agent, "tries")),
            arguments)
        .map(
            result -> {
              List<MailItem> items = new ArrayList<>();
              for (int at = 1; at < result.size(); at += 5) {
                items.add(
                    MailItem.read(
                        result.text(at),
                        result.text(at + 1),
                        (int) result.integer(at + 2),
                        result.text(at + 3),
                        result.text(at + 4)));
              }
              return new Claim(result.integer(0), items);
            });
  }

  /** Ends a message that this hub has out; answers whether it was still there. */
  Future<Boolean> end(MailItem item, MailStatus status, @Nullable ParleyException error) {
    Envelope envelope = item.mail().envelope();
    return end(
        envelope.to(),
        item.conversation(),
        item.seq(),
        item.expiryMember(),
        record(envelope.to().tenant(), envelope.from().tenant(), envelope.id()),
        hub,
        status,
        error);
  }

  private Future<Boolean> end(
      AgentAddress agent,
      String conversation,
      String seq,
      String expiryMember,
      Key record,
      String holder,
      MailStatus status,
      @Nullable ParleyException error) {
    return store
        .run(
            END,
            List.of(
                depth(agent.tenant()),
                key(agent, "log"),
                key(agent, "order"),
                key(agent, "ready"),
                key(agent, "busy"),
                expiry(agent.tenant()),
                record,
                key(agent, "tries")),
            List.of(
                Long.toString(clock.millis()),
                Long.toString(windowMs),
                agent.agent().value(),
                conversation,
                seq,
                expiryMember,
                holder,
                status.wireName(),
                error == null ? "" : Json.write(Receipt.errorJson(error))))
        .map(result -> result.integer(0) == 1);
  }

  /** Puts a message back; it goes on at {@code dueAt}. */
  Future<ScriptResult> release(MailItem item, long dueAt, boolean uncounted, ParleyException why) {
    Envelope envelope = item.mail().envelope();
    return store.run(
        RELEASE,
        List.of(
            key(item.agent(), "busy"),
            key(item.agent(), "later"),
            record(envelope.to().tenant(), envelope.from().tenant(), envelope.id()),
            key(item.agent(), "tries")),
        List.of(
            Long.toString(clock.millis()),
            hub,
            item.conversation(),
            item.seq(),
            Long.toString(dueAt),
            uncounted ? "1" : "0",
            Json.write(Receipt.errorJson(why))));
  }

  /** Notes that the agent has it. */
  Future<ScriptResult> delivered(MailItem item) {
    Envelope envelope = item.mail().envelope();
    return store.run(
        DELIVERED,
        List.of(record(envelope.to().tenant(), envelope.from().tenant(), envelope.id())),
        List.of(Long.toString(clock.millis()), Integer.toString(item.attempt())));
  }

  Future<Due> due(TenantId tenant) {
    return store
        .run(DUE, List.of(expiry(tenant)), List.of(Long.toString(clock.millis())))
        .map(
            result -> {
              List<String> members = new ArrayList<>();
              for (int at = 1; at < result.size(); at++) {
                members.add(result.text(at));
              }
              return new Due(result.integer(0), members);
            });
  }

  /** The agents of the tenant that have mail. */
  Future<List<AgentAddress>> agentsWithMail(TenantId tenant) {
    return store
        .hashGetAll(depth(tenant))
        .map(
            fields ->
                fields.keySet().stream()
                    .filter(field -> field.startsWith("n:"))
                    .map(field -> new AgentAddress(tenant, new AgentId(field.substring(2))))
                    .toList());
  }

  /** A message of a mailbox that is past its deadline: what is needed to tell and to end it. */
  Future<@Nullable MailItem> find(TenantId tenant, String member) {
    String[] parts = member.split(":", -1);
    AgentAddress agent = new AgentAddress(tenant, new AgentId(parts[0]));
    return store
        .streamEntry(key(agent, "log"), parts[1] + "-0")
        .map(
            fields ->
                fields == null
                    ? null
                    : MailItem.read(
                        parts[2],
                        parts[1],
                        0,
                        fields.getOrDefault("m", ""),
                        fields.getOrDefault("e", "")));
  }

  /** Ends a message that waits; answers whether it did. */
  Future<Boolean> endWaiting(MailItem item, MailStatus status, ParleyException error) {
    Envelope envelope = item.mail().envelope();
    return end(
        envelope.to(),
        item.conversation(),
        item.seq(),
        item.expiryMember(),
        record(envelope.to().tenant(), envelope.from().tenant(), envelope.id()),
        "",
        status,
        error);
  }

  /** What has become of a message that {@code sender} has sent; null when there is none. */
  Future<@Nullable MailRecord> recordOf(TenantScope sender, MessageId id) {
    return store
        .get(sender.key("sent", id.value()))
        .compose(
            to -> {
              if (to == null) {
                return Future.succeededFuture(null);
              }
              TenantId receiver = AgentAddress.parse(to).tenant();
              return store
                  .hashGetAll(record(receiver, sender.tenant(), id))
                  .map((Map<String, String> row) -> MailRecord.read(id, row));
            });
  }

  private TenantScope scope(TenantId tenant) {
    return scopes.of(HubPrincipals.bookkeeper(tenant));
  }

  private Key key(AgentAddress agent, String what) {
    return scope(agent.tenant()).key("mail", agent.agent().value(), what);
  }

  private Key depth(TenantId tenant) {
    return scope(tenant).key("mail", "depth");
  }

  private Key expiry(TenantId tenant) {
    return scope(tenant).key("mail", "expiry");
  }

  private Key record(TenantId receiver, TenantId sender, MessageId id) {
    return scope(receiver).key("message", sender.value(), id.value());
  }

  private static boolean isFull(Throwable failure) {
    return failure instanceof ParleyException e && e.code() == ErrorCode.MAILBOX_FULL;
  }

  private static ParleyException idTaken(MessageId id) {
    return new ParleyException(
            ErrorCode.CONFLICT,
            "another message was sent with the id %s; choose another id".formatted(id))
        .with("field", "messageId");
  }

  private static ParleyException full(AgentAddress to, long most) {
    return new ParleyException(
            ErrorCode.MAILBOX_FULL,
            "the mailboxes of tenant %s are full: %d messages wait; send it again later"
                .formatted(to.tenant(), most))
        .with("limit", "mailbox")
        .with("owner", "tenant " + to.tenant())
        .with("max", most)
        .retryAfter(5_000);
  }
}
