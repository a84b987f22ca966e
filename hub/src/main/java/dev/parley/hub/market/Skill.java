package dev.parley.hub.market;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/** Something that a listed agent can do. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Skill(String name, @Nullable String description) {}
