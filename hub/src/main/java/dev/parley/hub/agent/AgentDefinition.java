package dev.parley.hub.agent;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is: a row in Redis that exists whether the agent is active or not.
 *
 * @param name display name
 * @param model {@code provider/model}, or null for the hub's default
 * @param tokensPerDay a limit of its own inside its tenant's, or null
 * @param createdAt epoch milliseconds
 */
public record AgentDefinition(
    AgentId id,
    String name,
    Kind kind,
    @Nullable String model,
    @Nullable String emoji,
    @Nullable String description,
    List<Skill> skills,
    @Nullable Long tokensPerDay,
    long createdAt) {

  /** Where an agent runs. */
  public enum Kind {
    HOSTED,
    REMOTE;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Something an agent says it can do. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Skill(String name, @Nullable String description) {}

  /** As stored; the id is the field it is stored under, and short names save memory. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  private record Row(
      @JsonProperty("n") String name,
      @JsonProperty("k") @Nullable String kind,
      @JsonProperty("m") @Nullable String model,
      @JsonProperty("e") @Nullable String emoji,
      @JsonProperty("d") @Nullable String description,
      @JsonProperty("s") @Nullable List<Skill> skills,
      @JsonProperty("t") @Nullable Long tokensPerDay,
      @JsonProperty("c") long createdAt) {}

  /** A hosted agent with nothing set but its name. */
  public static AgentDefinition hosted(AgentId id, long now) {
    return new AgentDefinition(id, id.value(), Kind.HOSTED, null, null, null, List.of(), null, now);
  }

  /** The definition as it is stored. */
  public String toRow() {
    return Json.write(
        new Row(
            name,
            kind == Kind.REMOTE ? "r" : null,
            model,
            emoji,
            description,
            skills,
            tokensPerDay,
            createdAt));
  }

  static AgentDefinition ofRow(AgentId id, String text) {
    Row row = Json.read(text, Row.class);
    return new AgentDefinition(
        id,
        row.name,
        "r".equals(row.kind) ? Kind.REMOTE : Kind.HOSTED,
        row.model,
        row.emoji,
        row.description,
        row.skills == null ? List.of() : row.skills,
        row.tokensPerDay,
        row.createdAt);
  }
}
