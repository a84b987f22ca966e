package dev.parley.hub.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that was done or refused.
 *
 * @param at when, in epoch milliseconds
 * @param actor who, for example {@code acme} or {@code acme/main}, with role and key
 * @param operation what, as the contract names it
 * @param outcome what came of it
 * @param code of the refusal, or null
 * @param about which things, by the names of the operation's params
 * @param times how often the same happened since the entry before of the same
 */
public record AuditEntry(
    long at,
    Actor actor,
    String operation,
    Outcome outcome,
    @Nullable String code,
    Map<String, String> about,
    long times) {

  /**
   * Who did it.
   *
   * @param key the id of the API key
   * @param address where the request came from
   */
  public record Actor(String party, String role, String key, String address) {}

  /** What came of it; unsure is what may have been done although it was answered with a failure. */
  public enum Outcome {
    DONE,
    REFUSED,
    UNSURE
  }

  /** The text of the entry with this number, which its hash covers. */
  String text(long seq) {
    ObjectNode json = Json.object().put("seq", seq).put("at", at);
    json.put("by", actor.party).put("role", actor.role).put("key", actor.key);
    json.put("from", actor.address).put("operation", operation);
    json.put("outcome", outcome.name().toLowerCase(Locale.ROOT));
    if (code != null) {
      json.put("code", code);
    }
    if (!about.isEmpty()) {
      ObjectNode of = json.putObject("about");
      about.forEach(of::put);
    }
    if (times > 1) {
      json.put("times", times);
    }
    return Json.write(json);
  }

  /** The same, done by somebody else. */
  public AuditEntry by(Actor other) {
    return new AuditEntry(at, other, operation, outcome, code, about, times);
  }

  AuditEntry repeated(long now, long count) {
    return new AuditEntry(now, actor, operation, outcome, code, about, count);
  }
}
