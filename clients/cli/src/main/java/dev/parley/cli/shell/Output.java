package dev.parley.cli.shell;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.StreamSupport;

/**
 * Prints results: lists of objects as tables, single objects as names and values, or all of it as
 * the hub's own JSON. Moments ({@code …At}) are told as seen from now.
 */
public final class Output {
  private static final int MOST_IN_A_CELL = 3;

  private final Shell shell;
  private final Instant now;

  private Output(Shell shell) {
    this.shell = shell;
    this.now = Instant.now();
  }

  public static void print(Shell shell, JsonNode result, boolean json) {
    if (json) {
      shell.out().println(Json.write(result));
    } else {
      new Output(shell).print(result);
    }
    shell.out().flush();
  }

  private void print(JsonNode value) {
    if (isRows(value)) {
      table(value);
    } else if (value.isArray() && value.isEmpty()) {
      shell.out().println("none");
    } else if (value.isObject()) {
      fields(value);
    } else {
      shell.out().println(cell("", value));
    }
  }

  private void fields(JsonNode object) {
    int width = 0;
    for (var member : object.properties()) {
      width = isNested(member.getValue()) ? width : Math.max(width, member.getKey().length());
    }
    for (var member : object.properties()) {
      if (!isNested(member.getValue())) {
        String name = member.getKey() + " ".repeat(width - member.getKey().length());
        shell
            .out()
            .println((name + "  " + cell(member.getKey(), member.getValue())).stripTrailing());
      }
    }
    for (var member : object.properties()) {
      if (isNested(member.getValue())) {
        boolean empty = member.getValue().isEmpty();
        shell.out().println(shell.style().bold(member.getKey() + (empty ? ": none" : ":")));
        if (!empty) {
          print(member.getValue());
        }
      }
    }
  }

  private void table(JsonNode nestedRows) {
    ArrayNode rows = Json.mapper().createArrayNode();
    nestedRows.forEach(row -> rows.add(flat(row)));
    Table table = new Table();
    List<String> names = filledNames(rows);
    for (String name : names) {
      if (StreamSupport.stream(rows.spliterator(), false).allMatch(row -> isCount(name, row))) {
        table.number(name);
      } else {
        table.text(name);
      }
    }
    for (JsonNode row : rows) {
      table.row(names.stream().map(name -> cell(name, row.path(name))).toList());
    }
    table.print(shell);
  }

  /**
   * A row whose larger objects have become columns; objects of objects have no place in a table.
   */
  private static ObjectNode flat(JsonNode row) {
    ObjectNode flat = Json.object();
    for (var member : row.properties()) {
      JsonNode value = member.getValue();
      boolean deep = StreamSupport.stream(value.spliterator(), false).anyMatch(JsonNode::isObject);
      if (value.isObject() && !deep && value.size() > MOST_IN_A_CELL) {
        value
            .properties()
            .forEach(
                inner ->
                    flat.set(
                        row.has(inner.getKey())
                            ? member.getKey() + "." + inner.getKey()
                            : inner.getKey(),
                        inner.getValue()));
      } else if (!value.isObject() || !deep) {
        flat.set(member.getKey(), value);
      }
    }
    return flat;
  }

  /** The names of what at least one row has something in. */
  private static List<String> filledNames(JsonNode rows) {
    Set<String> names = new LinkedHashSet<>();
    for (JsonNode row : rows) {
      for (var member : row.properties()) {
        JsonNode value = member.getValue();
        if (!value.isNull() && !(value.isContainerNode() && value.isEmpty())) {
          names.add(member.getKey());
        }
      }
    }
    return List.copyOf(names);
  }

  private static boolean isCount(String name, JsonNode row) {
    JsonNode value = row.path(name);
    return value.isMissingNode() || value.isNull() || (value.isNumber() && !isMoment(name));
  }

  private static boolean isRows(JsonNode value) {
    return value.isArray() && !value.isEmpty() && value.get(0).isObject();
  }

  private static boolean isNested(JsonNode value) {
    return value.isObject() || isRows(value) || (value.isArray() && value.isEmpty());
  }

  private static boolean isMoment(String name) {
    return name.endsWith("At");
  }

  private String cell(String name, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (value.isIntegralNumber()) {
      return isMoment(name)
          ? Formats.when(Instant.ofEpochMilli(value.longValue()), now)
          : Formats.count(value.longValue());
    }
    if (value.isValueNode()) {
      return TerminalText.line(value.asText());
    }
    StringJoiner parts = new StringJoiner(", ");
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              member ->
                  parts.add(member.getKey() + "=" + cell(member.getKey(), member.getValue())));
    } else {
      value.forEach(
          item -> parts.add(item.has("name") ? cell("", item.path("name")) : cell("", item)));
    }
    return parts.toString();
  }
}
