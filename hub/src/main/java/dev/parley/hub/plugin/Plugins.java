package dev.parley.hub.plugin;

import com.dylibso.chicory.wasm.WasmModule;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.disk.Lanes;
import dev.parley.hub.plugin.EnabledPlugins.Enabled;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the tools of plugins that a tenant has enabled. Calls of one tenant and one plugin with
 * state come one after the other on a node; when another node has changed the state meanwhile, the
 * call runs again from the beginning.
 */
public final class Plugins {
  private static final Logger LOG = LoggerFactory.getLogger("dev.parley.plugin");
  private static final int ATTEMPTS = 5;
  private static final int MAX_SCHEMAS = 1_000;

  /**
   * What a call came to.
   *
   * @param cpuMs that it took, of all attempts
   */
  public record Outcome(JsonNode result, double cpuMs) {}

  /** Calls that come one after the other. */
  private record Lane(TenantId tenant, String plugin) {
    @Override
    public String toString() {
      return "plugin " + plugin;
    }
  }

  private final Vertx vertx;
  private final InstalledPlugins installed;
  private final EnabledPlugins enabled;
  private final PluginState states;
  private final PluginSettings settings;
  private final Sandbox sandbox;
  private final FairWorkers workers;
  private final PluginUse use;
  private final Lanes<Lane> lanes;
  private final Cache<ObjectNode, ToolSchema> schemas =
      Caffeine.newBuilder().maximumSize(MAX_SCHEMAS).weakKeys().build();

  public Plugins(
      Vertx vertx,
      Store store,
      InstalledPlugins installed,
      EnabledPlugins enabled,
      PluginState states,
      PluginSettings settings,
      HubMetrics metrics) {
    this.vertx = vertx;
    this.installed = installed;
    this.enabled = enabled;
    this.states = states;
    this.settings = settings;
    this.sandbox = new Sandbox(settings);
    this.workers = new FairWorkers(settings.workers(), settings.maxWaiting());
    this.use = new PluginUse(store, metrics);
    this.lanes = new Lanes<>(vertx, settings.maxWaiting());
    metrics.gauge("parley.plugins.running", workers, FairWorkers::running);
    metrics.gauge("parley.plugins.waiting", workers, FairWorkers::waiting);
  }

  /** The plugins that the tenant can have, and how it stands with them. */
  public Future<List<ObjectNode>> list(TenantScope scope) {
    return installed
        .all()
        .compose(
            all -> {
              List<String> names = List.copyOf(all.keySet());
              return Future.all(enabled.of(scope), use.of(scope), states.sizes(scope, names))
                  .map(
                      read -> {
                        Map<String, Enabled> on = read.resultAt(0);
                        Map<String, PluginUse.Use> uses = read.resultAt(1);
                        Map<String, PluginState.Size> sizes = read.resultAt(2);
                        List<ObjectNode> list = new ArrayList<>();
                        all.forEach(
                            (name, plugin) ->
                                list.add(
                                    describe(
                                        plugin, on.get(name), uses.get(name), sizes.get(name))));
                        return list;
                      });
            });
  }

  private static ObjectNode describe(
      InstalledPlugin plugin,
      @Nullable Enabled on,
      PluginUse.@Nullable Use used,
      PluginState.@Nullable Size size) {
    ObjectNode json = plugin.toJson().put("enabled", on != null);
    if (on != null) {
      var granted = json.putArray("granted");
      on.granted().stream().sorted().forEach(grant -> granted.add(grant.wireName()));
    }
    PluginUse.Use use = used == null ? PluginUse.Use.NONE : used;
    json.putObject("used")
        .put("calls", use.calls())
        .put("failed", use.failed())
        .put("cpuMs", use.cpuMs());
    json.putObject("state")
        .put("keys", size == null ? 0 : size.keys())
        .put("bytes", size == null ? 0 : size.bytes());
    return json;
  }

  /** The tools that the tenant's agents have of plugins: each with its plugin. */
  public Future<Map<String, PluginManifest>> manifests(TenantScope scope) {
    return enabled
        .of(scope)
        .map(
            all -> {
              Map<String, PluginManifest> manifests = new TreeMap<>();
              all.forEach((name, plugin) -> manifests.put(name, plugin.plugin().manifest()));
              return manifests;
            });
  }

  /**
   * Calls a tool.
   *
   * @return fails with {@code not_found} for a plugin or tool that the tenant does not have, {@code
   *     invalid_request} for arguments that do not fit, {@code agent_failed}, {@code
   *     limit_exceeded}, {@code forbidden} or {@code deadline_exceeded} with a detail code when the
   *     plugin failed, {@code rate_limited} or {@code unavailable} when it could not run
   */
  public Future<Outcome> call(TenantScope scope, String plugin, String tool, ObjectNode arguments) {
    long deadline = System.nanoTime() + settings.timeout().toNanos();
    return enabled.get(scope, plugin).compose(on -> call(scope, on, tool, arguments, deadline));
  }

  private Future<Outcome> call(
      TenantScope scope, Enabled on, String toolName, ObjectNode arguments, long deadline) {
    InstalledPlugin plugin = on.plugin();
    PluginManifest.Tool tool = plugin.manifest().tool(toolName);
    if (tool == null) {
      throw ParleyException.notFound("tool " + toolName + " of the plugin " + plugin.name());
    }
    String json = Json.write(arguments);
    if (json.getBytes(StandardCharsets.UTF_8).length > settings.payloadBytes()) {
      throw new ParleyException(
              ErrorCode.PAYLOAD_TOO_LARGE,
              "the arguments are larger than %d bytes".formatted(settings.payloadBytes()))
          .with("field", "arguments")
          .with("limit", settings.payloadBytes());
    }
    Call call = new Call(scope, on, tool, json, deadline, vertx.getOrCreateContext());
    schemas.get(tool.parameters(), ToolSchema::new).validate(tool.name(), arguments);
    Future<Outcome> outcome =
        on.granted().contains(Grant.STATE)
            ? lanes.run(new Lane(scope.tenant(), plugin.name()), () -> call.run(ATTEMPTS))
            : call.run(ATTEMPTS);
    return outcome
        .onComplete(done -> use.note(scope, plugin.name(), call.cpuNanos.get(), done.failed()))
        .recover(failure -> Future.failedFuture(call.told(failure)));
  }

  /** Takes no more calls. */
  public void close() {
    workers.close();
  }

  /** One call, which may take several attempts. */
  private final class Call {
    final TenantScope scope;
    final Enabled on;
    final PluginManifest.Tool tool;
    final String arguments;
    final long deadline;
    final Context loop;
    final AtomicLong cpuNanos = new AtomicLong();

    Call(
        TenantScope scope,
        Enabled on,
        PluginManifest.Tool tool,
        String arguments,
        long deadline,
        Context loop) {
      this.scope = scope;
      this.on = on;
      this.tool = tool;
      this.arguments = arguments;
      this.deadline = deadline;
      this.loop = loop;
    }

    Future<Outcome> run(int attempts) {
      return installed
          .module(on.plugin())
          .compose(module -> onLoop(workers.run(scope.tenant(), () -> attempt(module))))
          .compose(this::commit)
          .compose(
              outcome ->
                  outcome != null
                      ? Future.succeededFuture(outcome)
                      : attempts > 1 ? run(attempts - 1) : Future.failedFuture(busy()));
    }

    /** Null when the state was changed while it ran. */
    private @Nullable Attempt attempt(Supplier<WasmModule> module) {
      Meter meter = new Meter(settings.cpu(), deadline);
      meter.check();
      StateView state = new StateView(states, scope, on.plugin().name(), loop, meter);
      try {
        JsonNode result =
            sandbox.call(
                module.get(),
                tool.name(),
                arguments,
                meter,
                measured -> new Host(on.granted(), state, this::log, measured));
        return new Attempt(result, state);
      } catch (StateView.Changed again) {
        return null;
      } finally {
        cpuNanos.addAndGet(meter.cpuNanos());
      }
    }

    private Future<@Nullable Outcome> commit(@Nullable Attempt attempt) {
      if (attempt == null) {
        return Future.succeededFuture(null);
      }
      Outcome outcome = new Outcome(attempt.result, Math.round(cpuNanos.get() / 1e3) / 1e3);
      StateView state = attempt.state;
      return state.changes().isEmpty()
          ? Future.succeededFuture(outcome)
          : states
              .commit(
                  scope,
                  on.plugin().name(),
                  on.plugin().install(),
                  state.version(),
                  state.changes())
              .map(written -> written ? outcome : null);
    }

    private <T> Future<T> onLoop(Future<T> there) {
      Promise<T> here = Promise.promise();
      there.onComplete(done -> loop.runOnContext(go -> here.handle(done)));
      return here.future();
    }

    private void log(String line) {
      LOG.atInfo()
          .addKeyValue("tenant", scope.tenant())
          .addKeyValue("plugin", on.plugin().name())
          .log("{} {}: {}", scope.tenant(), on.plugin().name(), line);
    }

    private ParleyException busy() {
      return new ParleyException(
              ErrorCode.UNAVAILABLE,
              "the state of the plugin %s is being changed elsewhere; try again"
                  .formatted(on.plugin().name()))
          .retryAfter(100);
    }

    Throwable told(Throwable failure) {
      if (failure instanceof PluginStopped stopped) {
        use.stopped(stopped.reason());
        return stopped.told(on.plugin().name(), tool.name());
      }
      if (failure instanceof ParleyException) {
        return failure;
      }
      LOG.warn("plugin {} of {} failed in the hub", on.plugin().name(), scope.tenant(), failure);
      use.stopped(PluginStopped.Reason.TRAPPED);
      return new PluginStopped(PluginStopped.Reason.TRAPPED, "failed in the hub")
          .told(on.plugin().name(), tool.name());
    }
  }

  private record Attempt(JsonNode result, StateView state) {}
}
