package dev.parley.hub.mailbox;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages into mailboxes, many by one script. One to another tenant is noted in its sender's
 * keys first, since a script works on the keys of one tenant; of one inside a tenant its record is
 * the note.
 */
final class Intake {
  private static final Script SENT = Script.replicated("mail-sent");
  private static final Script ACCEPT = Script.replicated("mail-accept");

  /** What its arguments take beside envelope and record, about. */
  private static final int OVERHEAD_BYTES = 512;

  private record Note(MessageId id, AgentAddress to, long takenMs) {}

  /** One message, as the script takes it. */
  private record Entry(
      Mail mail, Limits receiver, String record, String meta, String envelope, long keptMs) {
    AgentId agent() {
      return mail.envelope().to().agent();
    }
  }

  private final Store store;
  private final TenantScopes scopes;
  private final long windowMs;
  private final GroupCommit<Note> notes = new GroupCommit<>(this::note);
  private final GroupCommit<Entry> entries = new GroupCommit<>(this::append);

  Intake(Store store, TenantScopes scopes, long windowMs) {
    this.store = store;
    this.scopes = scopes;
    this.windowMs = windowMs;
  }

  /** Scripts that have put messages into mailboxes. */
  long batches() {
    return entries.batches();
  }

  /** What all messages that are being accepted take. */
  long waitingBytes() {
    return entries.waitingBytes();
  }

  /** As {@link dev.parley.hub.switchboard.Mailroom#accept}, on the node {@code origin}. */
  Future<String> accept(Mail mail, Limits receiver, String origin) {
    Envelope envelope = mail.envelope();
    TenantId sender = envelope.from().tenant();
    long keptMs = envelope.deadline() - mail.acceptedAt() + windowMs;
    Entry entry =
        new Entry(
            mail,
            receiver,
            MailRecord.write(mail),
            MailItem.meta(mail, origin),
            EnvelopeCodec.write(envelope).text(),
            keptMs);
    if (sender.equals(envelope.to().tenant())) {
      return append(entry);
    }
    return notes
        .add(sender, new Note(envelope.id(), envelope.to(), keptMs), OVERHEAD_BYTES)
        .compose(
            noted -> {
              if (noted.equals("0")) {
                throw idTaken(envelope.id());
              }
              boolean fresh = noted.equals("2");
              return append(entry)
                  .recover(
                      refused ->
                          fresh && isFull(refused)
                              ? store
                                  .delete(MailRecord.sentKey(scopes, sender, envelope.id()))
                                  .transform(deleted -> Future.failedFuture(refused))
                              : Future.failedFuture(refused));
            });
  }

  private Future<ScriptResult> note(TenantId sender, List<Note> batch) {
    List<Key> keys = new ArrayList<>(batch.size());
    List<String> arguments = new ArrayList<>(2 * batch.size());
    for (Note note : batch) {
      keys.add(MailRecord.sentKey(scopes, sender, note.id));
      arguments.add(note.to.toString());
      arguments.add(Long.toString(note.takenMs));
    }
    return store.run(SENT, keys, arguments);
  }

  private Future<String> append(Entry entry) {
    AgentAddress to = entry.mail.envelope().to();
    int bytes = entry.envelope.length() + entry.record.length() + OVERHEAD_BYTES;
    return entries
        .add(to.tenant(), entry, bytes)
        .map(
            answer ->
                switch (answer) {
                  case "1" -> MailStatus.ACCEPTED.wireName();
                  case "-1" -> throw idTaken(entry.mail.envelope().id());
                  case "-2" -> throw full(to, "mailbox", entry.receiver.mailbox(), "messages");
                  case "-3" ->
                      throw full(to, "mailbox_bytes", entry.receiver.mailboxBytes(), "bytes");
                  default -> answer;
                });
  }

  /** Agents in the order of their first messages; the answers come in the same order. */
  private Future<ScriptResult> append(TenantId tenant, List<Entry> batch) {
    Map<AgentId, List<Integer>> places = new LinkedHashMap<>();
    for (int i = 0; i < batch.size(); i++) {
      places.computeIfAbsent(batch.get(i).agent(), agent -> new ArrayList<>()).add(i);
    }
    Limits limits = batch.get(batch.size() - 1).receiver;
    List<Key> keys = new ArrayList<>(2 + places.size() + batch.size());
    keys.add(MailStore.depth(scopes, tenant));
    keys.add(MailStore.expiry(scopes, tenant));
    List<String> arguments = new ArrayList<>(2 + 3 * places.size() + 6 * batch.size());
    arguments.add(Long.toString(Limits.value(limits.mailbox())));
    arguments.add(Long.toString(Limits.value(limits.mailboxBytes())));
    places.forEach(
        (agent, ofAgent) -> {
          keys.add(MailStore.log(scopes, new AgentAddress(tenant, agent)));
          List<Entry> messages = ofAgent.stream().map(batch::get).toList();
          arguments.add(agent.value());
          arguments.add(Integer.toString(messages.size()));
          arguments.add(Long.toString(firstDeadline(messages)));
          messages.forEach(entry -> add(entry, keys, arguments));
        });
    return store
        .run(ACCEPT, keys, arguments)
        .map(result -> inOrder(result, places.values(), batch.size()));
  }

  private static long firstDeadline(List<Entry> messages) {
    return messages.stream()
        .mapToLong(entry -> entry.mail.envelope().deadline())
        .min()
        .orElseThrow();
  }

  private void add(Entry entry, List<Key> keys, List<String> arguments) {
    Mail mail = entry.mail;
    Envelope envelope = mail.envelope();
    TenantId sender = envelope.from().tenant();
    keys.add(MailRecord.key(scopes, envelope.to().tenant(), sender, envelope.id()));
    arguments.add(entry.record);
    arguments.add(Long.toString(entry.keptMs));
    arguments.add(
        envelope.deadline()
            + ":"
            + MailItem.conversationOf(envelope)
            + ":"
            + sender.value()
            + ":"
            + envelope.id().value());
    arguments.add(entry.meta);
    arguments.add(entry.envelope);
    arguments.add(Long.toString(mail.priority().rank(mail.acceptedAt())));
  }

  private static ScriptResult inOrder(
      ScriptResult result, Iterable<List<Integer>> places, int size) {
    List<@Nullable Object> ordered = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      ordered.add(null);
    }
    int at = 0;
    for (List<Integer> ofAgent : places) {
      for (int place : ofAgent) {
        ordered.set(place, result.text(at++));
      }
    }
    return new ScriptResult(ordered);
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

  private static ParleyException full(
      AgentAddress to, String limit, @Nullable Long most, String unit) {
    return new ParleyException(
            ErrorCode.MAILBOX_FULL,
            "the mailboxes of tenant %s are full: they take %d %s; send it again later"
                .formatted(to.tenant(), Limits.value(most), unit))
        .with("limit", limit)
        .with("owner", "tenant " + to.tenant())
        .with("max", Limits.value(most))
        .retryAfter(5_000);
  }
}
