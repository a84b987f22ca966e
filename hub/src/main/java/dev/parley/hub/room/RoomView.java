package dev.parley.hub.room;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.store.ScriptResult;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import java.util.Comparator;
import java.util.List;

/** A room as one of its members sees it, from what {@code room-view.lua} says. */
final class RoomView {
  private static final Comparator<String[]> BY_TIME =
      Comparator.<String[]>comparingLong(member -> Long.parseLong(member[2]))
          .thenComparing(member -> member[0]);

  private RoomView() {}

  static ObjectNode of(RoomId room, ScriptResult result) {
    String closed = result.text(4);
    ObjectNode json =
        Json.object()
            .put("room", room.toString())
            .put("title", result.text(2))
            .put("state", closed.isEmpty() ? "open" : "closed")
            .put("membership", state(result.text(1)))
            .put("createdAt", Long.parseLong(result.text(3)))
            .put("postsPerMinute", Long.parseLong(result.text(5)))
            .put("deliveriesPerDay", Long.parseLong(result.text(6)));
    if (!closed.isEmpty()) {
      json.put("closedAt", Long.parseLong(closed));
    }
    if (result.text(1).equals("j")) {
      json.put("lastOffset", Long.parseLong(result.text(7)))
          .put("deliveriesToday", Long.parseLong(result.text(8)));
    }
    ArrayNode members = json.putArray("members");
    result
        .text(9)
        .lines()
        .map(line -> line.split(" ", -1))
        .sorted(BY_TIME)
        .forEach(
            member ->
                members
                    .addObject()
                    .put("party", member[0])
                    .put("state", state(member[1]))
                    .put("since", Long.parseLong(member[2])));
    ArrayNode listeners = json.putArray("listeners");
    result
        .text(10)
        .lines()
        .sorted()
        .map(line -> line.split(" ", 2))
        .forEach(line -> listeners.add(Listen.read(line[1]).toJson(line[0])));
    return json;
  }

  /** The tenants that are in a room or invited, as themselves or by an agent. */
  static List<TenantId> tenants(ObjectNode view) {
    return view.path("members").findValuesAsText("party").stream()
        .map(party -> Party.parse(party).tenant())
        .distinct()
        .toList();
  }

  private static String state(String letter) {
    return letter.equals("j") ? "joined" : "invited";
  }
}
