package dev.parley.hub.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a plugin says of itself.
 *
 * @param name letters, digits and dashes
 * @param version three numbers
 * @param grants what it wants of the host
 */
public record PluginManifest(
    String name, String version, String description, Set<Grant> grants, List<Tool> tools) {

  /**
   * A tool, which is an exported function of the same name.
   *
   * @param parameters JSON Schema of the arguments, of {@link ToolSchema}'s subset
   */
  public record Tool(String name, String description, ObjectNode parameters) {}

  /** Plugins of these names would have tools that look like the hub's own. */
  private static final Set<String> RESERVED =
      Set.of(
          "agent",
          "agents",
          "call",
          "delete",
          "edit",
          "file",
          "files",
          "forget",
          "hub",
          "list",
          "memory",
          "move",
          "parley",
          "read",
          "remember",
          "room",
          "search",
          "send",
          "write");

  /**
   * Reads a manifest that has the form of the contract.
   *
   * @throws ParleyException {@code invalid_request} with the field {@code manifest}
   */
  static PluginManifest parse(ObjectNode json) {
    String name = json.path("name").asText();
    if (RESERVED.contains(name)) {
      throw invalid(
          "a plugin cannot be named " + name + ": that is what tools of the hub begin with");
    }
    Set<Grant> grants = EnumSet.noneOf(Grant.class);
    json.path("grants").forEach(grant -> grants.add(Grant.of(grant.asText())));
    List<Tool> tools = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonNode tool : json.path("tools")) {
      if (!names.add(tool.path("name").asText())) {
        throw invalid("there are two tools named " + tool.path("name").asText());
      }
      ObjectNode parameters = (ObjectNode) tool.path("parameters");
      ToolSchema.requireSupported(tool.path("name").asText(), parameters);
      tools.add(
          new Tool(tool.path("name").asText(), tool.path("description").asText(), parameters));
    }
    return new PluginManifest(
        name,
        json.path("version").asText(),
        json.path("description").asText(),
        Set.copyOf(grants),
        List.copyOf(tools));
  }

  @Nullable Tool tool(String name) {
    return tools.stream().filter(tool -> tool.name.equals(name)).findFirst().orElse(null);
  }

  /** Whether this version comes after another. */
  boolean isNewerThan(PluginManifest other) {
    String[] mine = version.split("\\.", -1);
    String[] theirs = other.version.split("\\.", -1);
    for (int i = 0; i < mine.length; i++) {
      int order = Long.compare(Long.parseLong(mine[i]), Long.parseLong(theirs[i]));
      if (order != 0) {
        return order > 0;
      }
    }
    return false;
  }

  /** The manifest as {@code plugins.json} of the contract defines it. */
  ObjectNode toJson() {
    ObjectNode json =
        Json.object().put("name", name).put("version", version).put("description", description);
    ArrayNode wanted = json.putArray("grants");
    grants.stream().sorted().forEach(grant -> wanted.add(grant.wireName()));
    ArrayNode list = json.putArray("tools");
    for (Tool tool : tools) {
      ObjectNode one = list.addObject().put("name", tool.name).put("description", tool.description);
      one.set("parameters", tool.parameters);
    }
    return json;
  }

  private static ParleyException invalid(String message) {
    return ParleyException.invalid("manifest", message);
  }
}
