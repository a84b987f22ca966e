package dev.parley.hub.market;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.channel.Price;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An agent on the market.
 *
 * @param publishedAt epoch milliseconds of the first version since it is on the market
 * @param updatedAt epoch milliseconds of this version
 * @param unpublishedAt epoch milliseconds, null while it is on the market
 */
public record Listing(
    ListingId id,
    AgentId agent,
    String title,
    String description,
    List<Skill> skills,
    Price price,
    Visibility visibility,
    Version version,
    long publishedAt,
    long updatedAt,
    @Nullable Long unpublishedAt) {

  static Listing first(ListingId id, Publication publication, long now) {
    Listing blank =
        new Listing(
            id,
            publication.agent(),
            id.name(),
            "",
            List.of(),
            Price.FREE,
            Visibility.PUBLIC,
            Version.FIRST,
            now,
            now,
            null);
    return blank.updated(
        publication, Objects.requireNonNullElse(publication.version(), Version.FIRST), now);
  }

  /** The next version, on the market again should it have been taken off. */
  Listing updated(Publication publication, Version next, long now) {
    return new Listing(
        id,
        publication.agent(),
        Objects.requireNonNullElse(publication.title(), title),
        Objects.requireNonNullElse(publication.description(), description),
        Objects.requireNonNullElse(publication.skills(), skills),
        Objects.requireNonNullElse(publication.price(), price),
        Objects.requireNonNullElse(publication.visibility(), visibility),
        next,
        isPublished() ? publishedAt : now,
        now,
        null);
  }

  Listing unpublished(long now) {
    return new Listing(
        id,
        agent,
        title,
        description,
        skills,
        price,
        visibility,
        version,
        publishedAt,
        updatedAt,
        now);
  }

  public AgentAddress address() {
    return new AgentAddress(id.publisher(), agent);
  }

  public boolean isPublished() {
    return unpublishedAt == null;
  }

  /** Whether search may find it. */
  public boolean isPublic() {
    return isPublished() && visibility == Visibility.PUBLIC;
  }

  /** The listing as {@code market.json} of the contract defines it, without {@code installs}. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("id", id.toString()).put("name", id.name()).put("publisher", id.publisher().value());
    json.put("agent", agent.value()).put("title", title).put("description", description);
    json.set("skills", Json.mapper().valueToTree(skills));
    json.set("price", Json.toNode(price));
    json.put("visibility", visibility.wireName()).put("version", version.toString());
    json.put("publishedAt", publishedAt).put("updatedAt", updatedAt);
    if (unpublishedAt != null) {
      json.put("unpublishedAt", unpublishedAt);
    }
    return json;
  }

  /** Reads what {@link #toJson} wrote. */
  static Listing read(String text) {
    ObjectNode json = Json.parseObject("listing", text);
    List<Skill> skills = new ArrayList<>();
    for (JsonNode skill : json.path("skills")) {
      skills.add(Json.read(skill, Skill.class));
    }
    return new Listing(
        ListingId.parse(json.path("id").asText()),
        new AgentId(json.path("agent").asText()),
        json.path("title").asText(),
        json.path("description").asText(),
        List.copyOf(skills),
        Json.read(json.path("price"), Price.class),
        Visibility.of(json.path("visibility").asText()),
        Version.parse(json.path("version").asText()),
        json.path("publishedAt").asLong(),
        json.path("updatedAt").asLong(),
        json.hasNonNull("unpublishedAt") ? json.get("unpublishedAt").asLong() : null);
  }
}
