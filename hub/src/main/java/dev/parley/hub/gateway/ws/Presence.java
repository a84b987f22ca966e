package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.ws.WsSession.ClientIdentity;
import dev.parley.protocol.frame.Json;

/** A session as presence shows it to the rest of its tenant. */
final class Presence {
  private Presence() {}

  static ObjectNode entry(WsSession session) {
    ClientIdentity client = session.client();
    ObjectNode entry =
        Json.object()
            .put("host", client.id())
            .put("clientId", client.id())
            .put("mode", client.mode())
            .put("version", client.version())
            .put("platform", client.platform())
            .put("reason", "connect")
            .put("text", session.principal().party() + " · " + client.id())
            .put("ts", client.since())
            .put("onlineSince", client.since());
    entry.putObject("user").put("id", session.principal().keyId());
    ArrayNode roles = entry.putArray("roles");
    roles.add(session.link() == null ? "operator" : "agent");
    return entry;
  }
}
