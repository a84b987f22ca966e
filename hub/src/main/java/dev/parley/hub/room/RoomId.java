package dev.parley.hub.room;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/** A room, written {@code owner/name}; a name has the grammar of an agent's. */
public record RoomId(TenantId owner, String name) {

  /**
   * Reads {@code owner/name}.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public static RoomId parse(String text) {
    AgentAddress address = AgentAddress.parse(text);
    return new RoomId(address.tenant(), address.agent().value());
  }

  ParleyException notFound() {
    return ParleyException.notFound("room " + this);
  }

  ParleyException closed() {
    return new ParleyException(
        ErrorCode.CONFLICT, "room %s is closed; its history can be read".formatted(this));
  }

  @Override
  public String toString() {
    return owner + "/" + name;
  }
}
