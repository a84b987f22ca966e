package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.frame.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Prints results: lists of objects as aligned tables, single objects as names and values, or all of
 * it as the hub's own JSON.
 */
final class Output {
  private static final int WIDEST_CELL = 60;

  private Output() {}

  static void print(PrintWriter out, JsonNode result, boolean json) {
    if (json) {
      out.println(Json.write(result));
    } else {
      print(out, "", result);
    }
    out.flush();
  }

  private static void print(PrintWriter out, String name, JsonNode value) {
    if (value.isArray() && isRows(value)) {
      table(out, value);
    } else if (value.isObject()) {
      List<String[]> plain = new ArrayList<>();
      value
          .properties()
          .forEach(
              member -> {
                if (!isNested(member.getValue())) {
                  plain.add(new String[] {member.getKey(), cell(member.getValue())});
                }
              });
      align(out, plain);
      value
          .properties()
          .forEach(
              member -> {
                if (isNested(member.getValue())) {
                  heading(out, member.getKey(), member.getValue());
                  print(out, member.getKey(), member.getValue());
                }
              });
    } else {
      out.println(name.isEmpty() ? cell(value) : name + "  " + cell(value));
    }
  }

  private static void heading(PrintWriter out, String name, JsonNode value) {
    out.println(value.isEmpty() ? name + ": none" : name + ":");
  }

  private static void table(PrintWriter out, JsonNode rows) {
    Set<String> columns = new LinkedHashSet<>();
    rows.forEach(
        row ->
            row.properties()
                .forEach(
                    member -> {
                      if (!isNested(member.getValue())) {
                        columns.add(member.getKey());
                      }
                    }));
    List<String[]> lines = new ArrayList<>();
    lines.add(columns.toArray(String[]::new));
    rows.forEach(
        row ->
            lines.add(columns.stream().map(name -> cell(row.path(name))).toArray(String[]::new)));
    align(out, lines);
  }

  private static void align(PrintWriter out, List<String[]> lines) {
    if (lines.isEmpty()) {
      return;
    }
    int[] widths = new int[lines.get(0).length];
    for (String[] line : lines) {
      for (int i = 0; i < line.length; i++) {
        widths[i] = Math.max(widths[i], line[i].length());
      }
    }
    for (String[] line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.length; i++) {
        text.append(line[i]).append(" ".repeat(widths[i] - line[i].length() + 2));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  private static boolean isRows(JsonNode value) {
    return !value.isEmpty() && value.get(0).isObject();
  }

  private static boolean isNested(JsonNode value) {
    return value.isObject() || (value.isArray() && isRows(value));
  }

  private static String cell(JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    if (value.isArray()) {
      value.forEach(item -> text.append(text.isEmpty() ? "" : ", ").append(item.asText()));
    } else {
      text.append(value.asText());
    }
    String line = TerminalText.line(text.toString());
    return line.length() > WIDEST_CELL ? line.substring(0, WIDEST_CELL - 1) + "…" : line;
  }
}
