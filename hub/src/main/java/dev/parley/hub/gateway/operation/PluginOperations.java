package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.plugin.EnabledPlugins;
import dev.parley.hub.plugin.InstalledPlugin;
import dev.parley.hub.plugin.InstalledPlugins;
import dev.parley.hub.plugin.Plugins;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.Collection;

/** Plugins of the platform, and of a tenant: {@code admin.plugins.*} and {@code plugins.*}. */
public final class PluginOperations {
  private final InstalledPlugins installed;
  private final EnabledPlugins enabled;
  private final Plugins plugins;

  public PluginOperations(InstalledPlugins installed, EnabledPlugins enabled, Plugins plugins) {
    this.installed = installed;
    this.enabled = enabled;
    this.plugins = plugins;
  }

  public void register(OperationTable table) {
    table
        .on("plugins.list", (caller, params) -> plugins.list(caller.scope()).map(this::listed))
        .on(
            "plugins.enable",
            (caller, params) -> enabled.enable(caller.scope(), name(params)).map(this::one))
        .on("plugins.disable", this::disable)
        .on("plugins.call", this::call)
        .on("admin.plugins.install", (caller, params) -> install(params))
        .on(
            "admin.plugins.list",
            (caller, params) ->
                installed
                    .all()
                    .map(
                        all -> listed(all.values().stream().map(InstalledPlugin::toJson).toList())))
        .on(
            "admin.plugins.remove",
            (caller, params) ->
                installed
                    .remove(name(params))
                    .map(gone -> Json.object().put("plugin", name(params)).put("removed", true)));
  }

  private Future<ObjectNode> install(ObjectNode params) {
    return installed
        .install(
            (ObjectNode) params.path("manifest"),
            params.path("wasm").asText(),
            params.path("sha256").asText())
        .map(this::one);
  }

  private Future<ObjectNode> disable(Caller caller, ObjectNode params) {
    return enabled
        .disable(caller.scope(), name(params), params.path("eraseState").asBoolean(false))
        .map(done -> Json.object().put("plugin", name(params)).put("disabled", true));
  }

  private Future<ObjectNode> call(Caller caller, ObjectNode params) {
    ObjectNode arguments =
        params.path("arguments") instanceof ObjectNode given ? given : Json.object();
    return plugins
        .call(caller.scope(), name(params), params.path("tool").asText(), arguments)
        .map(
            outcome -> {
              ObjectNode result = Json.object().put("cpuMs", outcome.cpuMs());
              result.set("result", outcome.result());
              return result;
            });
  }

  private ObjectNode one(InstalledPlugin plugin) {
    ObjectNode result = Json.object();
    result.set("plugin", plugin.toJson());
    return result;
  }

  private ObjectNode listed(Collection<ObjectNode> all) {
    ObjectNode result = Json.object();
    ArrayNode list = result.putArray("plugins");
    all.forEach(list::add);
    return result;
  }

  private static String name(ObjectNode params) {
    return params.path("plugin").asText();
  }
}
