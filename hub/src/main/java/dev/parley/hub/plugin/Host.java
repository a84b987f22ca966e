package dev.parley.hub.plugin;

import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import dev.parley.hub.plugin.PluginStopped.Reason;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The host as one call of a plugin sees it. A function whose grant the tenant has not given ends
 * the call.
 */
final class Host {
  private static final int MAX_LINES = 20;
  private static final int MAX_TEXT = 512;
  private static final long ABSENT = -1;

  private final Set<Grant> granted;
  private final StateView state;
  private final Consumer<String> log;
  private final Meter meter;
  private int lines;

  /**
   * For one call.
   *
   * @param log takes lines without control characters
   */
  Host(Set<Grant> granted, StateView state, Consumer<String> log, Meter meter) {
    this.granted = granted;
    this.state = state;
    this.log = log;
    this.meter = meter;
  }

  ImportValues imports() {
    List<ImportFunction> functions = new ArrayList<>();
    for (HostCall call : HostCall.values()) {
      functions.add(
          new HostFunction(
              HostCall.MODULE,
              call.wireName(),
              call.type(),
              (instance, arguments) -> answer(call, instance, arguments)));
    }
    return ImportValues.builder().withFunctions(functions).build();
  }

  private long[] answer(HostCall call, Instance instance, long[] arguments) {
    Grant needed = call.grant();
    if (needed != null && !granted.contains(needed)) {
      throw new PluginStopped(
          Reason.NOT_GRANTED,
          "used %s, which this tenant has not granted; enabling it again grants what it wants now"
              .formatted(needed.wireName()));
    }
    meter.check();
    GuestMemory memory = new GuestMemory(instance);
    return switch (call) {
      case FAIL -> throw new PluginStopped(Reason.FAILED, "failed: " + line(memory, arguments));
      case LOG -> {
        log(memory, arguments);
        yield new long[0];
      }
      case STATE_GET -> {
        String value = state.get(key(memory, arguments, "a key"));
        yield new long[] {value == null ? ABSENT : memory.hand(value)};
      }
      case STATE_PUT -> {
        String key = key(memory, arguments, "a key");
        state.put(
            key,
            memory.text(
                (int) arguments[2],
                (int) arguments[3],
                StateView.MAX_VALUE,
                Reason.STATE_FULL,
                "a value"));
        yield new long[0];
      }
      case STATE_DELETE -> new long[] {state.delete(key(memory, arguments, "a key")) ? 1 : 0};
      case STATE_KEYS ->
          new long[] {memory.hand(Json.write(state.keys(key(memory, arguments, "a prefix"))))};
    };
  }

  private void log(GuestMemory memory, long[] arguments) {
    lines++;
    if (lines <= MAX_LINES) {
      log.accept(line(memory, arguments));
    } else if (lines == MAX_LINES + 1) {
      log.accept("(further lines of this call are left out)");
    }
  }

  /** A text for people: shortened, without what could act on a terminal or forge a line. */
  private static String line(GuestMemory memory, long[] arguments) {
    int length = (int) arguments[1];
    String text =
        memory.text((int) arguments[0], length, StateView.MAX_VALUE, Reason.BAD_REQUEST, "a text");
    String shortened = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text;
    return shortened.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]", " ");
  }

  private static String key(GuestMemory memory, long[] arguments, String what) {
    return memory.text(
        (int) arguments[0], (int) arguments[1], StateView.MAX_KEY, Reason.STATE_FULL, what);
  }
}
