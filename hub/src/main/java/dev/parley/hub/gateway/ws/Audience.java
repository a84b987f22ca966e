package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.hub.gateway.Caller.Topic;

/**
 * Which people of a tenant get an event; the same on every node.
 *
 * @param needed permission
 * @param kind of those who have it
 * @param session that they must have subscribed to, where the kind says so
 */
record Audience(Permission needed, Kind kind, String session) {
  enum Kind {
    EVERYBODY,
    /** Whose client asked for the events of tools. */
    TOOLS,
    /** Who subscribed to the list of sessions. */
    SESSIONS,
    /** Who subscribed to the list, or to the messages of the session. */
    MESSAGES
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
          case SESSIONS -> to.subscribed(Topic.SESSIONS, session);
          case MESSAGES ->
              to.subscribed(Topic.SESSIONS, session)
                  || to.subscribed(Topic.SESSION_MESSAGES, session);
        };
  }
}
