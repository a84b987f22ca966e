package dev.parley.hub.quota;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;

/** Turns the hashes of {@link Books} into the contract's {@code UsageReport}. */
final class UsageReport {
  private static final Map<String, String> NAMES =
      Map.of(
          Counter.CALLS.field(),
          "calls",
          Counter.HANDLED.field(),
          "handled",
          Counter.REFUSED.field(),
          "refused",
          Books.INPUT,
          "inputTokens",
          Books.OUTPUT,
          "outputTokens",
          Books.SPENT,
          "spentMillicents",
          Books.EARNED,
          "earnedMillicents");

  private final TenantId tenant;
  private final ArrayNode days = Json.mapper().createArrayNode();
  private final ArrayNode limits = Json.mapper().createArrayNode();

  UsageReport(TenantId tenant) {
    this.tenant = tenant;
  }

  void addDay(long day, Map<String, String> books) {
    ObjectNode total = emptyUsage();
    Map<String, ObjectNode> agents = new TreeMap<>();
    Map<String, ObjectNode> channels = new TreeMap<>();
    books.forEach(
        (field, value) -> {
          String[] part = field.split(":", 3);
          String name = NAMES.get(part[0]);
          if (name != null) {
            ObjectNode row =
                part.length < 3
                    ? total
                    : (part[1].equals("a") ? agents : channels)
                        .computeIfAbsent(part[2], id -> emptyUsage());
            row.put(name, Long.parseLong(value));
          }
        });
    ObjectNode node = days.addObject().put("day", LocalDate.ofEpochDay(day).toString());
    node.set("total", total);
    node.putObject("agents").setAll(agents);
    node.putObject("channels").setAll(channels);
  }

  void addLimit(BudgetLevel level, Map<String, String> books, long day) {
    limits
        .addObject()
        .put("limit", level.limit())
        .put("owner", level.owner())
        .put("used", Long.parseLong(books.getOrDefault(level.field(), "0")))
        .put("max", level.max())
        .put("unit", level.unit().wireName())
        .put("resetsAt", level.period().endsAt(day));
  }

  ObjectNode toJson() {
    ObjectNode report = Json.object().put("tenant", tenant.value());
    report.set("days", days);
    report.set("limits", limits);
    return report;
  }

  private static ObjectNode emptyUsage() {
    ObjectNode usage = Json.object();
    for (String name :
        new String[] {
          "calls",
          "handled",
          "refused",
          "inputTokens",
          "outputTokens",
          "spentMillicents",
          "earnedMillicents"
        }) {
      usage.put(name, 0);
    }
    return usage;
  }
}
