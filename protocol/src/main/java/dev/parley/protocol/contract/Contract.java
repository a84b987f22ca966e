package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All operations, events and shared schemas, by name, in the order of the documents. */
public final class Contract {
  private static final List<String> FEATURES =
      List.of(
          "system",
          "access",
          "agents",
          "files",
          "chat",
          "calls",
          "messages",
          "schedules",
          "channels",
          "loops",
          "memory",
          "rooms",
          "market",
          "plugins",
          "usage",
          "audit",
          "admin");

  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final Map<String, Event> events = new LinkedHashMap<>();
  private final ObjectNode definitions = Json.object();
  private final Map<String, String> titles = new LinkedHashMap<>();

  /** An event that the hub sends, or that an agent connection sends to the hub. */
  public record Event(
      String name, String summary, String feature, String origin, ObjectNode payload) {}

  private Contract() {}

  /** Reads the contract from the class path. */
  public static Contract load() {
    Contract contract = new Contract();
    FEATURES.forEach(contract::add);
    return contract;
  }

  public Map<String, Operation> operations() {
    return Collections.unmodifiableMap(operations);
  }

  public @Nullable Operation operation(String name) {
    return operations.get(name);
  }

  public Map<String, Event> events() {
    return Collections.unmodifiableMap(events);
  }

  /** The shared schemas, by name: the target of every {@code $ref: "#/$defs/…"}. */
  public ObjectNode definitions() {
    return definitions.deepCopy();
  }

  /** Titles of the features, by feature. */
  public Map<String, String> titles() {
    return Collections.unmodifiableMap(titles);
  }

  private void add(String feature) {
    JsonNode document = Json.parse(feature, resource(feature + ".json"));
    titles.put(feature, document.path("title").asText());
    for (JsonNode json : document.path("operations")) {
      Operation operation = operation(feature, json);
      operations.put(operation.name(), operation);
    }
    for (JsonNode json : document.path("events")) {
      String name = json.path("name").asText();
      events.put(
          name,
          new Event(
              name,
              json.path("summary").asText(),
              feature,
              json.path("origin").asText(),
              (ObjectNode) json.path("payload")));
    }
    definitions.setAll((ObjectNode) document.path("$defs"));
  }

  private static Operation operation(String feature, JsonNode json) {
    String rest = json.path("rest").asText("");
    int space = rest.indexOf(' ');
    return new Operation(
        json.path("name").asText(),
        json.path("summary").asText(),
        feature,
        json.path("origin").asText(),
        json.path("permission").textValue(),
        json.path("scope").textValue(),
        space < 0 ? null : rest.substring(0, space),
        space < 0 ? null : rest.substring(space + 1),
        json.path("binary").textValue(),
        (ObjectNode) json.path("params"),
        (ObjectNode) json.path("result"));
  }

  private static String resource(String name) {
    try (InputStream in = Contract.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the contract document " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
