package dev.parley.hub.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Set;

/**
 * The schema of a tool's arguments: the part of JSON Schema 2020-12 that takes no regular
 * expression, follows no reference and costs no more than the arguments are long.
 */
final class ToolSchema {
  private static final Set<String> KEYWORDS =
      Set.of(
          "type",
          "description",
          "title",
          "default",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "minItems",
          "maxItems",
          "minLength",
          "maxLength",
          "minimum",
          "maximum");

  private static final int MAX_DEPTH = 8;

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          builder ->
              builder
                  .schemaRegistryConfig(SchemaRegistryConfig.builder().failFast(true).build())
                  .schemaLoader(loader -> loader.allow(iri -> false)));

  private final Schema schema;

  ToolSchema(ObjectNode parameters) {
    schema = REGISTRY.getSchema(parameters);
    schema.initializeValidators();
  }

  /**
   * Insists that a schema is of an object and uses nothing but the keywords above.
   *
   * @throws ParleyException {@code invalid_request} with the field {@code manifest}
   */
  static void requireSupported(String tool, ObjectNode parameters) {
    if (!parameters.path("type").asText().equals("object")) {
      throw refused(tool, "its type must be object");
    }
    require(tool, parameters, 0);
    try {
      new ToolSchema(parameters);
    } catch (RuntimeException e) {
      throw refused(tool, "it is no JSON Schema");
    }
  }

  private static void require(String tool, JsonNode schema, int depth) {
    if (depth > MAX_DEPTH) {
      throw refused(tool, "it is nested deeper than " + MAX_DEPTH);
    }
    if (!schema.isObject()) {
      if (!schema.isBoolean()) {
        throw refused(tool, "a schema in it is neither an object nor true or false");
      }
      return;
    }
    for (var member : schema.properties()) {
      if (!KEYWORDS.contains(member.getKey())) {
        throw refused(tool, "the keyword " + member.getKey() + " is not supported");
      }
    }
    for (JsonNode property : schema.path("properties")) {
      require(tool, property, depth + 1);
    }
    for (String nested : List.of("items", "additionalProperties")) {
      if (schema.has(nested)) {
        require(tool, schema.path(nested), depth + 1);
      }
    }
  }

  /**
   * Checks arguments.
   *
   * @throws ParleyException {@code invalid_request} with the field {@code arguments}
   */
  void validate(String tool, ObjectNode arguments) {
    List<Error> faults = schema.validate(arguments);
    if (!faults.isEmpty()) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "the arguments of %s do not fit: %s".formatted(tool, faults.get(0)))
          .with("field", "arguments")
          .with("reason", faults.get(0).getKeyword());
    }
  }

  private static ParleyException refused(String tool, String why) {
    return ParleyException.invalid(
        "manifest", "the parameters of the tool %s are refused: %s".formatted(tool, why));
  }
}
