package dev.parley.hub.plugin;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.InterpreterMachine;
import com.dylibso.chicory.runtime.MStack;
import com.dylibso.chicory.runtime.StackFrame;
import com.dylibso.chicory.wasm.types.FunctionType;
import dev.parley.hub.plugin.PluginStopped.Reason;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The interpreter, which calls no deeper than a bound. With the bounds on a function's variables
 * and blocks ({@link ModuleCheck}) this caps what frames take of the heap: 25 MB at worst.
 */
final class BoundedMachine extends InterpreterMachine {
  static final int MAX_DEPTH = 1_024;

  private int depth;

  BoundedMachine(Instance instance) {
    super(instance);
  }

  @Override
  protected long @Nullable [] call(
      MStack stack,
      Instance instance,
      Deque<StackFrame> callStack,
      int function,
      long[] arguments,
      @Nullable FunctionType type,
      boolean popResults) {
    if (depth == MAX_DEPTH) {
      throw new PluginStopped(Reason.STACK, "called more than %d deep".formatted(MAX_DEPTH));
    }
    depth++;
    try {
      return super.call(stack, instance, callStack, function, arguments, type, popResults);
    } finally {
      depth--;
    }
  }
}
