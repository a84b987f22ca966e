package dev.parley.hub.telemetry;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The metrics of one node, as Prometheus text. Labels come from closed sets only. */
public final class HubMetrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Timer calls;
  private final Map<ErrorCode, Counter> failures = new EnumMap<>(ErrorCode.class);
  private final Map<ErrorCode, Counter> refusals = new EnumMap<>(ErrorCode.class);
  private final Counter slowConsumers;

  public HubMetrics() {
    calls =
        Timer.builder("parley.calls")
            .description("calls answered by their agent")
            .serviceLevelObjectives(
                Duration.ofMillis(1),
                Duration.ofMillis(10),
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10))
            .register(registry);
    for (ErrorCode code : ErrorCode.values()) {
      failures.put(code, counter("parley.calls.failed", "calls that ended in a failure", code));
      refusals.put(code, counter("parley.calls.refused", "calls that were not admitted", code));
    }
    slowConsumers =
        Counter.builder("parley.connections.slow")
            .description("connections closed because their client did not read")
            .register(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
  }

  public void callEnded(@Nullable ParleyException failure, long nanos) {
    if (failure == null) {
      calls.record(Duration.ofNanos(nanos));
    } else {
      increment(failures, failure);
    }
  }

  public void callRefused(ParleyException refusal) {
    increment(refusals, refusal);
  }

  public void slowConsumer() {
    slowConsumers.increment();
  }

  /** Adds a gauge that reads {@code source}. */
  public <T> void gauge(String name, T source, ToDoubleFunction<T> value) {
    io.micrometer.core.instrument.Gauge.builder(name, source, value)
        .strongReference(true)
        .register(registry);
  }

  /** Adds a counter that reads {@code source}, which only ever grows. */
  public <T> void counter(String name, String description, T source, ToDoubleFunction<T> value) {
    FunctionCounter.builder(name, source, value).description(description).register(registry);
  }

  /** Adds a counter of one value of a label; the values must be few and bounded. */
  public <T> void counter(
      String name,
      String description,
      String label,
      String labelValue,
      T source,
      ToDoubleFunction<T> value) {
    FunctionCounter.builder(name, source, value)
        .description(description)
        .tag(label, labelValue)
        .register(registry);
  }

  /** All metrics in the Prometheus text format, version 0.0.4. */
  public String scrape() {
    return registry.scrape();
  }

  private Counter counter(String name, String description, ErrorCode code) {
    return Counter.builder(name)
        .description(description)
        .tag("code", code.wireName())
        .register(registry);
  }

  private static void increment(Map<ErrorCode, Counter> counters, ParleyException failure) {
    Counter counter = counters.get(failure.code());
    if (counter != null) {
      counter.increment();
    }
  }
}
