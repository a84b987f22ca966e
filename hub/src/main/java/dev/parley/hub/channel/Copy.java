package dev.parley.hub.channel;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.parley.hub.channel.Channel.Revocation;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * One side's copy of a channel, kept among that tenant's data.
 *
 * @param signedAt epoch milliseconds at which this side signed the terms, null while it has not
 * @param peerSignedAt when this side learned that the other has signed: it keeps the copy from
 *     lapsing and permits nothing; only the other side's own copy counts
 * @param revocation set by either side
 * @param stored the JSON it was read from, empty when it has not been stored
 */
record Copy(
    Terms terms,
    @Nullable Long signedAt,
    @Nullable Long peerSignedAt,
    @Nullable Revocation revocation,
    String stored) {

  static Copy unsigned(Terms terms) {
    return new Copy(terms, null, null, null, "");
  }

  Copy signed(long at) {
    return new Copy(terms, at, peerSignedAt, revocation, stored);
  }

  Copy peerSigned(long at) {
    return new Copy(terms, signedAt, at, revocation, stored);
  }

  Copy revoked(Revocation by) {
    return new Copy(terms, signedAt, peerSignedAt, by, stored);
  }

  /** This copy after it has been written. */
  Copy written() {
    return new Copy(terms, signedAt, peerSignedAt, revocation, write());
  }

  boolean isSigned() {
    return signedAt != null;
  }

  boolean isRevoked() {
    return revocation != null;
  }

  static Copy read(String text) {
    Row row = Json.read(text, Row.class);
    Offer offer =
        row.listing == null || row.version == null || row.price == null
            ? null
            : new Offer(ListingId.parse(row.listing), row.version, row.price);
    Terms terms =
        new Terms(
            row.id,
            Party.parse(row.from),
            AgentAddress.parse(row.to),
            row.purpose,
            Payer.of(row.payer),
            row.limits == null ? ChannelLimits.NONE : row.limits,
            row.createdAt,
            row.expiresAt,
            Party.parse(row.proposedBy),
            offer);
    Revocation revocation =
        row.revokedAt == null || row.revokedBy == null
            ? null
            : new Revocation(row.revokedAt, Party.parse(row.revokedBy), row.reason);
    return new Copy(terms, row.signedAt, row.peerSignedAt, revocation, text);
  }

  String write() {
    Offer offer = terms.offer();
    return Json.write(
        new Row(
            terms.id(),
            terms.from().toString(),
            terms.to().toString(),
            terms.purpose(),
            terms.payer().wireName(),
            terms.limits().isNone() ? null : terms.limits(),
            terms.createdAt(),
            terms.expiresAt(),
            terms.proposedBy().toString(),
            offer == null ? null : offer.listing().toString(),
            offer == null ? null : offer.version(),
            offer == null ? null : offer.price(),
            signedAt,
            peerSignedAt,
            revocation == null ? null : revocation.at(),
            revocation == null ? null : revocation.by().toString(),
            revocation == null ? null : revocation.reason()));
  }

  /** The copy in Redis. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Row(
      String id,
      String from,
      String to,
      @Nullable String purpose,
      String payer,
      @Nullable ChannelLimits limits,
      long createdAt,
      @Nullable Long expiresAt,
      String proposedBy,
      @Nullable String listing,
      @Nullable String version,
      @Nullable Price price,
      @Nullable Long signedAt,
      @Nullable Long peerSignedAt,
      @Nullable Long revokedAt,
      @Nullable String revokedBy,
      @Nullable String reason) {}
}
