package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import java.util.function.Function;

/**
 * The shared schemas at the place where a document keeps them: copies schemas of the contract with
 * every {@code #/$defs/X} pointing there.
 */
final class Definitions {
  private static final String CONTRACT_ROOT = "#/$defs/";

  private final ObjectNode definitions;
  private final String root;

  /**
   * Prepares the definitions.
   *
   * @param root where the document keeps them, for example {@code #/components/schemas/}
   * @param spelling how error codes are written there
   */
  Definitions(Contract contract, String root, Function<ErrorCode, String> spelling) {
    this.root = root;
    definitions = contract.definitions();
    ArrayNode codes = ((ObjectNode) definitions.at("/Error/properties/code")).putArray("enum");
    for (ErrorCode code : ErrorCode.values()) {
      codes.add(spelling.apply(code));
    }
  }

  /** All shared schemas, by name. */
  ObjectNode all() {
    return relocated(definitions);
  }

  /** A reference to a shared schema. */
  String ref(String name) {
    return root + name;
  }

  /** A schema with the definition in place of a reference to it; what is inside stays as it is. */
  ObjectNode resolved(ObjectNode schema) {
    String ref = schema.path("$ref").asText("");
    return ref.isEmpty()
        ? schema
        : resolved((ObjectNode) definitions.path(ref.substring(CONTRACT_ROOT.length())));
  }

  /** A copy of a schema of the contract for use in the document. */
  ObjectNode relocated(ObjectNode schema) {
    ObjectNode copy = schema.deepCopy();
    relocate(copy);
    return copy;
  }

  private void relocate(JsonNode node) {
    node.forEach(this::relocate);
    if (node instanceof ObjectNode object && object.path("$ref").isTextual()) {
      object.put("$ref", root + object.get("$ref").asText().substring(CONTRACT_ROOT.length()));
    }
  }
}
