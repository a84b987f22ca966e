package dev.parley.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.ToolBox;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.operation.PluginOperations;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.plugin.EnabledPlugins;
import dev.parley.hub.plugin.InstalledPlugins;
import dev.parley.hub.plugin.PluginManifest;
import dev.parley.hub.plugin.PluginSettings;
import dev.parley.hub.plugin.PluginState;
import dev.parley.hub.plugin.Plugins;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Puts plugins together, and shows their tools to hosted agents as {@code plugin_tool}. */
final class PluginOffice implements ToolBox {
  /** What a model is told of at most: each tool costs tokens in every request. */
  private static final int MAX_TOOLS = 64;

  private static final char SEPARATOR = '_';

  private final InstalledPlugins installed;
  private final EnabledPlugins enabled;
  private final PluginState state;
  private final Plugins plugins;

  PluginOffice(
      Vertx vertx,
      Store store,
      Announcements announcements,
      PluginSettings settings,
      HubMetrics metrics,
      Clock clock) {
    installed = new InstalledPlugins(vertx, store, announcements, settings, clock);
    enabled = new EnabledPlugins(store, installed, announcements, settings, clock);
    state = new PluginState(store, settings);
    plugins = new Plugins(vertx, store, installed, enabled, state, settings, metrics);
  }

  void register(OperationTable operations) {
    new PluginOperations(installed, enabled, plugins).register(operations);
  }

  /** What plugins keep for tenants, for those who export or erase a tenant. */
  PluginState state() {
    return state;
  }

  Future<Void> close() {
    plugins.close();
    return Future.succeededFuture();
  }

  @Override
  public Future<List<ToolSpec>> tools(TenantScope scope) {
    return plugins
        .manifests(scope)
        .map(
            manifests -> {
              List<ToolSpec> tools = new ArrayList<>();
              for (PluginManifest manifest : manifests.values()) {
                for (PluginManifest.Tool tool : manifest.tools()) {
                  if (tools.size() < MAX_TOOLS) {
                    tools.add(
                        new ToolSpec(
                            manifest.name() + SEPARATOR + tool.name(),
                            tool.description(),
                            tool.parameters()));
                  }
                }
              }
              return tools;
            });
  }

  @Override
  public Future<String> call(TenantScope scope, String name, ObjectNode arguments) {
    int end = name.indexOf(SEPARATOR);
    if (end < 1) {
      return Future.failedFuture(ParleyException.notFound("tool " + name));
    }
    return plugins
        .call(scope, name.substring(0, end), name.substring(end + 1), arguments)
        .map(outcome -> Json.write(outcome.result()));
  }
}
