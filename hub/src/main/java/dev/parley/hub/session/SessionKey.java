package dev.parley.hub.session;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;

/**
 * Names a session of a tenant: {@code agent:<agentId>:<name>}, as in the OpenClaw gateway protocol.
 *
 * @param agent whose session it is; that it exists is the caller's business
 * @param name what follows, may hold colons: {@code main}, {@code tui-<uuid>}, {@code a2a:acme/x}
 */
public record SessionKey(AgentId agent, String name) {
  /** The name of the session that every agent has and keeps. */
  public static final String MAIN = "main";

  /** The longest key in its full form, in characters. */
  public static final int MAX_LENGTH = 512;

  private static final String PREFIX = "agent:";
  private static final String FIELD = "sessionKey";

  /**
   * Validates the name: printable ASCII without space, braces and asterisk.
   *
   * @throws ParleyException {@code invalid_request} with field {@code sessionKey}
   */
  public SessionKey {
    if (name.isEmpty() || !name.chars().allMatch(SessionKey::allowed)) {
      throw ParleyException.invalid(
          FIELD,
          "a session key must be printable ASCII without spaces, braces and asterisks, and not"
              + " empty after agent:<agentId>:");
    }
    if (PREFIX.length() + agent.value().length() + 1 + name.length() > MAX_LENGTH) {
      throw ParleyException.invalid(
          FIELD,
          "a session key may have %d characters with agent:<agentId>: before it"
              .formatted(MAX_LENGTH));
    }
  }

  private static boolean allowed(int c) {
    return c > ' ' && c < 127 && c != '{' && c != '}' && c != '*';
  }

  /** The main session of an agent. */
  public static SessionKey main(AgentId agent) {
    return new SessionKey(agent, MAIN);
  }

  /**
   * Reads a key in full or bare form.
   *
   * @param defaultAgent whose session a bare key like {@code main} or {@code my-chat} means
   * @throws ParleyException {@code invalid_request} with field {@code sessionKey}
   */
  public static SessionKey parse(String text, AgentId defaultAgent) {
    if (!text.startsWith(PREFIX)) {
      return new SessionKey(defaultAgent, text);
    }
    int colon = text.indexOf(':', PREFIX.length());
    if (colon < 0) {
      throw ParleyException.invalid(FIELD, "a session key is agent:<agentId>:<name> or <name>");
    }
    return new SessionKey(agent(text.substring(PREFIX.length(), colon)), text.substring(colon + 1));
  }

  private static AgentId agent(String id) {
    try {
      return new AgentId(id);
    } catch (ParleyException e) {
      throw ParleyException.invalid(FIELD, "in the session key, " + e.text());
    }
  }

  public boolean isMain() {
    return name.equals(MAIN);
  }

  /** The full form. */
  @Override
  public String toString() {
    return PREFIX + agent + ":" + name;
  }
}
