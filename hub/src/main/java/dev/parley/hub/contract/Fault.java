package dev.parley.hub.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.path.NodePath;
import java.util.ArrayList;
import java.util.List;

/**
 * One fault of a request, in the words that clients of the OpenClaw gateway protocol know (those of
 * the validator Ajv): {@code must have required property 'message'}, {@code at root: unexpected
 * property 'foo'}, {@code at /limit: must be <= 1000}. Values of the request are never repeated,
 * they may be secrets; names of properties are, shortened and in printable ASCII.
 */
record Fault(Error error) {
  private static final int SHOWN_NAME = 60;

  /** The keyword of JSON Schema that was violated. */
  String reason() {
    return error.getKeyword();
  }

  /** The property that is missing, unexpected or wrong; {@code params} for the whole. */
  String field() {
    String property = error.getProperty();
    if (property != null) {
      return printable(property);
    }
    NodePath path = error.getInstanceLocation();
    for (int i = path.getNameCount() - 1; i >= 0; i--) {
      if (path.getElement(i) instanceof String name) {
        return printable(name);
      }
    }
    return "params";
  }

  String text() {
    boolean atRoot = error.getInstanceLocation().getNameCount() == 0;
    if (atRoot && "required".equals(reason())) {
      return complaint();
    }
    return "at " + (atRoot ? "root" : pointer()) + ": " + complaint();
  }

  private String complaint() {
    JsonNode rule = error.getSchemaNode();
    return switch (reason()) {
      case "required" -> "must have required property '" + field() + "'";
      case "additionalProperties" -> "unexpected property '" + field() + "'";
      case "type" -> "must be " + (rule.isArray() ? alternatives(rule) : rule.asText());
      case "format" -> "must be a number of format " + rule.asText();
      case "enum" -> "must be one of " + alternatives(rule);
      case "const" -> "must be " + rule.asText();
      case "minimum" -> "must be >= " + rule.asText();
      case "maximum" -> "must be <= " + rule.asText();
      case "minLength" -> "must NOT have fewer than " + rule.asText() + " characters";
      case "maxLength" -> "must NOT have more than " + rule.asText() + " characters";
      case "minItems" -> "must NOT have fewer than " + rule.asText() + " items";
      case "maxItems" -> "must NOT have more than " + rule.asText() + " items";
      case "pattern" -> "must match pattern \"" + rule.asText() + '"';
      default -> "must satisfy " + reason();
    };
  }

  private String pointer() {
    NodePath path = error.getInstanceLocation();
    StringBuilder pointer = new StringBuilder();
    for (int i = 0; i < path.getNameCount(); i++) {
      String step = path.getElement(i).toString().replace("~", "~0").replace("/", "~1");
      pointer.append('/').append(printable(step));
    }
    return pointer.toString();
  }

  private static String alternatives(JsonNode values) {
    List<String> names = new ArrayList<>();
    values.forEach(value -> names.add(value.asText()));
    return String.join(", ", names);
  }

  private static String printable(String name) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < Math.min(name.length(), SHOWN_NAME); i++) {
      char c = name.charAt(i);
      shown.append(c > ' ' && c < 127 ? c : '?');
    }
    return name.length() > SHOWN_NAME ? shown.append("...").toString() : shown.toString();
  }
}
