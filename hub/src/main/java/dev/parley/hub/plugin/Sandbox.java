package dev.parley.hub.plugin;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.plugin.PluginStopped.Reason;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.function.Function;

/**
 * Runs one call in an instance of its own, on the current thread: whatever the module does ends in
 * a result or in {@link PluginStopped}.
 */
final class Sandbox {
  private final PluginSettings settings;

  Sandbox(PluginSettings settings) {
    this.settings = settings;
  }

  /**
   * Calls a tool.
   *
   * @param arguments JSON
   * @param host makes the host that the instance sees
   * @throws PluginStopped when it fails, in whatever way
   */
  JsonNode call(
      WasmModule module, String tool, String arguments, Meter meter, Function<Meter, Host> host) {
    try {
      Instance instance = instance(module, meter, host.apply(meter));
      GuestMemory memory = new GuestMemory(instance);
      long place = memory.hand(arguments);
      long[] answer = instance.export(tool).apply(place >>> 32, place & 0xffff_ffffL);
      String text =
          memory.text(
              (int) (answer[0] >>> 32),
              (int) answer[0],
              settings.payloadBytes(),
              Reason.OUTPUT,
              "a result");
      return json(text);
    } catch (ChicoryException trap) {
      throw new PluginStopped(Reason.TRAPPED, "trapped: " + brief(trap));
    } catch (StackOverflowError deep) {
      throw new PluginStopped(Reason.STACK, "called too deep");
    } catch (OutOfMemoryError full) {
      throw new PluginStopped(Reason.TRAPPED, "wanted more memory than the hub has");
    }
  }

  private static JsonNode json(String text) {
    try {
      return Json.parse("result", text);
    } catch (ParleyException malformed) {
      throw new PluginStopped(Reason.OUTPUT, "gave a result that is no JSON");
    }
  }

  private Instance instance(WasmModule module, Meter meter, Host host) {
    MemoryLimits declared = module.memorySection().orElseThrow().getMemory(0).limits();
    MemoryLimits limits =
        new MemoryLimits(
            declared.initialPages(), Math.min(declared.maximumPages(), settings.memoryPages()));
    return Instance.builder(module)
        .withMemoryFactory(ByteArrayMemory::new)
        .withMemoryLimits(limits)
        .withMachineFactory(BoundedMachine::new)
        .withUnsafeExecutionListener(meter)
        .withImportValues(host.imports())
        .withStart(false)
        .build();
  }

  private static String brief(ChicoryException trap) {
    String message = trap.getMessage() == null ? "unknown" : trap.getMessage();
    return message.length() > 160 ? message.substring(0, 160) : message;
  }
}
