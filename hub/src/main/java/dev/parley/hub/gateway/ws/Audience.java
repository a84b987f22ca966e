package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.hub.gateway.Caller.Topic;

/**
 * Which people of a tenant get an event; the same on every node.
 *
 * @param needed permission
 * @param kind of those who have it
 * @param name of the session that they must have subscribed to, or of the key that they came with,
 *     where the kind says so
 */
record Audience(Permission needed, Kind kind, String name) {
  enum Kind {
    EVERYBODY,
    /** Whose client asked for the events of tools. */
    TOOLS,
    /** Who subscribed to the list of sessions. */
    SESSIONS,
    /** Who subscribed to the list, or to the messages of the session. */
    MESSAGES,
    /** Who came with the key. */
    KEY
  }

  static Audience everybody(Permission needed) {
    return new Audience(needed, Kind.EVERYBODY, "");
  }

  boolean includes(WsSession to) {
    return to.link() == null
        && to.principal().may(needed)
        && switch (kind) {
          case EVERYBODY -> true;
          case TOOLS -> to.client().toolEvents();
          case SESSIONS -> to.subscribed(Topic.SESSIONS, name);
          case MESSAGES ->
              to.subscribed(Topic.SESSIONS, name) || to.subscribed(Topic.SESSION_MESSAGES, name);
          case KEY -> to.principal().keyId().equals(name);
        };
  }
}
