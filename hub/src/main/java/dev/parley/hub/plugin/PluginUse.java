package dev.parley.hub.plugin;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tenants use of plugins: exactly and for all nodes in Redis, by tenant and plugin; and as
 * metrics of this node, where the first {@value #MAX_TENANTS} tenants have a label of their own and
 * all others share {@code other}.
 */
final class PluginUse {
  static final int MAX_TENANTS = 50;

  private static final Logger LOG = LoggerFactory.getLogger(PluginUse.class);
  private static final Script USED = new Script("plugin-used");
  private static final String OTHER = "other";

  /** Calls of a plugin by a tenant. */
  record Use(long calls, long failed, long cpuMs) {
    static final Use NONE = new Use(0, 0, 0);
  }

  private final Store store;
  private final HubMetrics metrics;
  private final ConcurrentMap<String, LongAdder> cpuNanos = new ConcurrentHashMap<>();
  private final LongAdder calls = new LongAdder();
  private final Map<PluginStopped.Reason, LongAdder> stopped = new HashMap<>();

  PluginUse(Store store, HubMetrics metrics) {
    this.store = store;
    this.metrics = metrics;
    metrics.counter("parley.plugins.calls", "calls of plugins", calls, LongAdder::sum);
    for (PluginStopped.Reason reason : PluginStopped.Reason.values()) {
      LongAdder count = new LongAdder();
      stopped.put(reason, count);
      metrics.counter(
          "parley.plugins.stopped",
          "calls of plugins that were ended or failed",
          "reason",
          reason.detail(),
          count,
          LongAdder::sum);
    }
  }

  void note(TenantScope scope, String plugin, long nanos, boolean failed) {
    calls.increment();
    cpuOf(scope.tenant()).add(nanos);
    long micros = TimeUnit.NANOSECONDS.toMicros(nanos);
    store
        .run(USED, List.of(key(scope)), List.of(plugin, Long.toString(micros), failed ? "1" : "0"))
        .onFailure(
            failure ->
                LOG.warn(
                    "a call of plugin {} by {} was not noted", plugin, scope.tenant(), failure));
  }

  void stopped(PluginStopped.Reason reason) {
    LongAdder count = stopped.get(reason);
    if (count != null) {
      count.increment();
    }
  }

  /** What the tenant has used of each plugin, by plugin. */
  Future<Map<String, Use>> of(TenantScope scope) {
    return store
        .hashGetAll(key(scope))
        .map(
            fields -> {
              Map<String, Use> uses = new HashMap<>();
              fields.forEach(
                  (field, value) -> {
                    String plugin = field.substring(0, field.indexOf(':'));
                    uses.put(
                        plugin,
                        new Use(
                            number(fields, plugin + ":calls"),
                            number(fields, plugin + ":failed"),
                            number(fields, plugin + ":cpu") / 1_000));
                  });
              return uses;
            });
  }

  private static long number(Map<String, String> fields, String field) {
    return Long.parseLong(fields.getOrDefault(field, "0"));
  }

  private LongAdder cpuOf(TenantId tenant) {
    LongAdder known = cpuNanos.get(tenant.value());
    if (known != null) {
      return known;
    }
    synchronized (this) {
      String label = cpuNanos.size() < MAX_TENANTS ? tenant.value() : OTHER;
      return cpuNanos.computeIfAbsent(label, this::measured);
    }
  }

  private LongAdder measured(String label) {
    LongAdder nanos = new LongAdder();
    metrics.counter(
        "parley.plugins.cpu.ms",
        "CPU time that plugins took",
        "tenant",
        label,
        nanos,
        sum -> sum.sum() / 1e6);
    return nanos;
  }

  private static Key key(TenantScope scope) {
    return scope.key("plugins", "used");
  }
}
