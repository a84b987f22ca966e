package dev.parley.hub.market;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.channel.Price;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant says when it publishes a listing or a new version of it. What is null stays as it
 * was in the version before, and has a default in the first.
 *
 * @param name of the listing, as {@link dev.parley.protocol.address.ListingId}
 * @param agent the own agent
 * @param title one line of up to 100 characters; default the name
 * @param description up to 2000 characters; default empty
 * @param skills up to 32; default none
 * @param price default free
 * @param visibility default public
 * @param version must be higher than the one before; default 1.0.0, then the next minor version
 */
public record Publication(
    String name,
    AgentId agent,
    @Nullable String title,
    @Nullable String description,
    @Nullable List<Skill> skills,
    @Nullable Price price,
    @Nullable Visibility visibility,
    @Nullable Version version) {
  private static final int MAX_TITLE = 100;
  private static final int MAX_DESCRIPTION = 2_000;
  private static final int MAX_SKILLS = 32;
  private static final int MAX_SKILL_NAME = 60;
  private static final int MAX_SKILL_DESCRIPTION = 300;

  /**
   * Validates the publication.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public Publication {
    requireText("title", title, MAX_TITLE, "");
    requireText("description", description, MAX_DESCRIPTION, "\n\t");
    if (skills != null) {
      skills = List.copyOf(skills);
      if (skills.size() > MAX_SKILLS) {
        throw ParleyException.invalid("skills", "skills must be at most " + MAX_SKILLS);
      }
      for (Skill skill : skills) {
        requireText("skills", skill.name(), MAX_SKILL_NAME, "");
        requireText("skills", skill.description(), MAX_SKILL_DESCRIPTION, "");
      }
    }
  }

  /** A first version with all defaults. */
  public static Publication of(String name, AgentId agent) {
    return new Publication(name, agent, null, null, null, null, null, null);
  }

  /**
   * Reads the params of {@code market.publish}, validated against their schema.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public static Publication parse(ObjectNode params) {
    JsonNode skills = params.get("skills");
    List<Skill> list = null;
    if (skills != null) {
      list = new ArrayList<>();
      for (JsonNode skill : skills) {
        list.add(Json.read(skill, Skill.class));
      }
    }
    String visibility = text(params, "visibility");
    String version = text(params, "version");
    return new Publication(
        params.path("name").asText(),
        new AgentId(params.path("agent").asText()),
        text(params, "title"),
        text(params, "description"),
        list,
        params.hasNonNull("price") ? Json.read(params.get("price"), Price.class) : null,
        visibility == null ? null : Visibility.of(visibility),
        version == null ? null : Version.parse(version));
  }

  private static @Nullable String text(ObjectNode params, String field) {
    return params.hasNonNull(field) ? params.get(field).asText() : null;
  }

  private static void requireText(
      String field, @Nullable String text, int maxLength, String controlsAllowed) {
    if (text == null) {
      return;
    }
    if (text.length() > maxLength) {
      throw ParleyException.invalid(
          field, "%s must be at most %d characters".formatted(field, maxLength));
    }
    if (text.chars().anyMatch(c -> Character.isISOControl(c) && controlsAllowed.indexOf(c) < 0)) {
      throw ParleyException.invalid(field, field + " must not hold control characters");
    }
  }
}
