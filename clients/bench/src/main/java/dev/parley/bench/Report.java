package dev.parley.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;

/** The figures of a run, in the order they were measured. */
final class Report {
  private static final String ROW = "%-30s %12s %-8s %-16s %s";

  private final List<Figure> figures = new ArrayList<>();

  void add(Figure figure) {
    figures.add(figure);
  }

  String table() {
    StringBuilder out = new StringBuilder();
    row(out, "figure", "value", "unit", "aim", "");
    for (Figure figure : figures) {
      Figure.Aim aim = figure.aim();
      row(
          out,
          figure.name(),
          figure.shown(),
          figure.unit(),
          aim == null ? "" : aim.text(),
          aim == null ? "" : aim.metBy(figure.value()) ? "met" : "MISSED");
    }
    return out.toString();
  }

  private static void row(StringBuilder out, String... cells) {
    out.append(ROW.formatted((Object[]) cells).stripTrailing()).append('\n');
  }

  /** Name to {@code {"value", "unit"}}. */
  String json() {
    ObjectNode all = Json.object();
    for (Figure figure : figures) {
      double rounded = Math.round(figure.value() * 1_000) / 1_000.0;
      all.putObject(figure.name()).put("value", rounded).put("unit", figure.unit());
    }
    try {
      return Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
