package dev.parley.hub.schedule;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.hub.schedule.ScheduleStore.Found;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Schedules as the contract has them. */
final class ScheduleView {
  private ScheduleView() {}

  static ObjectNode of(Found found) {
    List<Long> ticks = new ArrayList<>();
    if (found.next() != Timing.NONE) {
      ticks.add(found.next());
      ticks.addAll(found.schedule().timing().next(found.next(), Planning.TICKS_SHOWN - 1));
    }
    return of(found.schedule(), ticks, found.last(), found.payload());
  }

  static ObjectNode of(
      Schedule schedule, List<Long> ticks, @Nullable String last, @Nullable String payload) {
    ObjectNode view = Json.object().put("id", schedule.id()).put("agent", schedule.agent().value());
    if (schedule.isOnce()) {
      view.put("at", schedule.at());
    } else {
      view.put("cron", schedule.cron());
    }
    view.put("zone", schedule.zone());
    view.put(
        "conversation", schedule.conversation() == null ? schedule.id() : schedule.conversation());
    view.put("missed", schedule.missed().wireName()).put("enabled", schedule.enabled());
    view.put("createdAt", schedule.createdAt());
    ArrayNode next = view.putArray("next");
    ticks.forEach(next::add);
    if (last != null) {
      view.set("last", Json.parse("last", last));
    }
    if (payload != null) {
      view.putRawValue("payload", new RawValue(payload));
    }
    return view;
  }
}
