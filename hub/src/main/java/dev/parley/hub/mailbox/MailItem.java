package dev.parley.hub.mailbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.hub.switchboard.Mail;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A message as it was taken out of a mailbox.
 *
 * @param conversation the key of its conversation in the mailbox
 * @param seq its place there
 * @param attempt how often it was taken out, this time included
 * @param holder who has taken it out, as the store names it; empty for a message that waits
 * @param origin the node that accepted it
 */
record MailItem(
    String conversation, String seq, int attempt, String holder, String origin, Mail mail) {
  private static final HexFormat HEX = HexFormat.of();

  /** What is kept beside the envelope; short names because every message has one. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Meta(
      @JsonProperty("t") String target,
      @JsonProperty("p") String priority,
      @JsonProperty("c") @Nullable String channel,
      @JsonProperty("k") String keyId,
      @JsonProperty("l") long ttlMs,
      @JsonProperty("a") long acceptedAt,
      @JsonProperty("n") String origin) {}

  static String meta(Mail mail, String origin) {
    return Json.write(
        new Meta(
            mail.target().toString(),
            mail.priority().wireName(),
            mail.channel(),
            mail.keyId(),
            mail.ttlMs(),
            mail.acceptedAt(),
            origin));
  }

  static MailItem read(
      String conversation,
      String seq,
      int attempt,
      String holder,
      String metaText,
      String envelopeText) {
    Meta meta = Json.read(metaText, Meta.class);
    Envelope envelope = EnvelopeCodec.read(new RawJson(envelopeText));
    return new MailItem(
        conversation,
        seq,
        attempt,
        holder,
        meta.origin,
        new Mail(
            envelope,
            Target.parse(meta.target),
            Mail.Priority.of(meta.priority),
            meta.channel,
            meta.keyId,
            meta.ttlMs,
            meta.acceptedAt));
  }

  AgentAddress agent() {
    return mail.envelope().to();
  }

  /** The name of its entry in the order of deadlines. */
  String expiryMember() {
    Envelope envelope = mail.envelope();
    return String.join(
        ":",
        envelope.to().agent().value(),
        seq,
        conversation,
        envelope.from().tenant().value(),
        envelope.id().value());
  }

  /** The key of a message's conversation: the same for all that one party sends in it. */
  static String conversationOf(Envelope envelope) {
    return hash(envelope.from() + "\n" + envelope.conversation()).substring(0, 32);
  }

  /** The same for messages that are the same but for the time. */
  static String fingerprint(Mail mail) {
    Envelope envelope = mail.envelope();
    return hash(
        String.join(
            "\n",
            envelope.from().toString(),
            mail.target().toString(),
            envelope.conversation(),
            mail.priority().wireName(),
            Long.toString(mail.ttlMs()),
            envelope.payload().text()));
  }

  private static String hash(String text) {
    try {
      return HEX.formatHex(
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
