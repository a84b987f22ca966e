package dev.parley.hub.room;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Which messages of a room an agent gets beside those that mention it.
 *
 * @param tags those of {@link Mode#INTEREST}
 * @param everyMs at most one of {@link Mode#DIGEST} in this time
 */
public record Listen(Mode mode, List<String> tags, long everyMs) {
  private static final long DEFAULT_EVERY_MS = 300_000;

  /** The ways to listen. */
  public enum Mode {
    /** Nothing else. */
    MENTION,
    ALL,
    /** Those with one of its tags. */
    INTEREST,
    /** None, but now and then how many there were. */
    DIGEST;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Reads it from params that are valid by the contract.
   *
   * @throws ParleyException {@code invalid_request} when what belongs to one mode is given for
   *     another
   */
  public static Listen parse(ObjectNode params) {
    Mode mode = Mode.valueOf(params.path("mode").asText().toUpperCase(Locale.ROOT));
    List<String> tags = texts(params.path("tags"));
    if ((mode == Mode.INTEREST) == tags.isEmpty()) {
      throw ParleyException.invalid(
          "tags", "tags are for mode interest, and it needs at least one of them");
    }
    if (mode != Mode.DIGEST && params.has("everyMs")) {
      throw ParleyException.invalid("everyMs", "everyMs is for mode digest");
    }
    return new Listen(mode, tags, params.path("everyMs").asLong(DEFAULT_EVERY_MS));
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts.stream().distinct().toList();
  }

  /** As it is stored; empty for the default. */
  String stored() {
    if (mode == Mode.MENTION) {
      return "";
    }
    ObjectNode json = Json.object().put("m", mode.wireName());
    if (mode == Mode.INTEREST) {
      tags.forEach(json.putArray("t")::add);
    }
    return Json.write(mode == Mode.DIGEST ? json.put("e", everyMs) : json);
  }

  static Listen read(String stored) {
    JsonNode json = Json.parse("listener", stored);
    return new Listen(
        Mode.valueOf(json.path("m").asText().toUpperCase(Locale.ROOT)),
        texts(json.path("t")),
        json.path("e").asLong());
  }

  /** As people see it. */
  public ObjectNode toJson(String agent) {
    ObjectNode json = Json.object().put("agent", agent).put("mode", mode.wireName());
    if (mode == Mode.INTEREST) {
      tags.forEach(json.putArray("tags")::add);
    }
    return mode == Mode.DIGEST ? json.put("everyMs", everyMs) : json;
  }
}
