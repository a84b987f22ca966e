package dev.parley.protocol.address;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/** What a caller may name as the receiver: an agent, or a marketplace listing it has installed. */
public sealed interface Target permits AgentAddress, ListingId {

  /**
   * Reads {@code tenant/agent} or {@code market:tenant/name}.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code to}
   */
  static Target parse(String text) {
    try {
      return text.startsWith(ListingId.SCHEME) ? ListingId.parse(text) : AgentAddress.parse(text);
    } catch (ParleyException e) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "to must be tenant/agent or market:tenant/listing, got " + Names.printable(text))
          .with("field", "to");
    }
  }
}
