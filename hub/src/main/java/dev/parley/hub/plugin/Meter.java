package dev.parley.hub.plugin;

import com.dylibso.chicory.runtime.ExecutionListener;
import com.dylibso.chicory.runtime.MStack;
import com.dylibso.chicory.wasm.types.Instruction;
import dev.parley.hub.plugin.PluginStopped.Reason;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Measures one call and ends it when it takes too long. The interpreter tells of every instruction;
 * the clocks are read once for some thousand of them, and sooner for those that touch much memory
 * at once. Interrupting the thread would not do: the interpreter looks at that flag in some
 * branches only, and a host function may swallow it.
 *
 * <p>Used by one thread. With one core of a small machine an instruction takes some 20 ns (JDK 17),
 * so that a call ends within a millisecond of its cap.
 */
final class Meter implements ExecutionListener {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final boolean HAS_CPU_TIME = THREADS.isCurrentThreadCpuTimeSupported();
  private static final int STEP = 4_096;

  /** Bytes that an instruction on a stretch of memory moves in the time of a plain one. */
  private static final int BYTES_PER_STEP = 32;

  /** Values on the operand stack of all functions together: 2 MB. */
  private static final int MAX_OPERANDS = 1 << 18;

  private final long cpuLimitNanos;
  private final long cpuStart = cpuTime();
  private final long deadline;
  private long left = STEP;

  /**
   * Starts to measure the current thread.
   *
   * @param deadline by {@code System.nanoTime}
   */
  Meter(Duration cpuLimit, long deadline) {
    this.cpuLimitNanos = cpuLimit.toNanos();
    this.deadline = deadline;
  }

  @Override
  public void onExecution(Instruction instruction, MStack stack) {
    if (stack.size() > MAX_OPERANDS) {
      throw new PluginStopped(Reason.STACK, "had too much on its stack");
    }
    switch (instruction.opcode()) {
      case MEMORY_FILL, MEMORY_COPY -> left -= (stack.peek() & 0xffff_ffffL) / BYTES_PER_STEP;
      default -> left--;
    }
    if (left <= 0) {
      left = STEP;
      check();
    }
  }

  /** Ends the call if its time is over. */
  void check() {
    if (cpuNanos() > cpuLimitNanos) {
      throw new PluginStopped(
          Reason.CPU,
          "was stopped after %d ms of CPU time"
              .formatted(TimeUnit.NANOSECONDS.toMillis(cpuLimitNanos)));
    }
    if (nanosLeft() <= 0) {
      throw new PluginStopped(Reason.TIMEOUT, "took too long");
    }
  }

  long nanosLeft() {
    return deadline - System.nanoTime();
  }

  /** What the thread has used since the start. */
  long cpuNanos() {
    return cpuTime() - cpuStart;
  }

  private static long cpuTime() {
    return HAS_CPU_TIME ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
  }
}
