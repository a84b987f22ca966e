package dev.parley.hub.plugin;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What plugins keep for tenants: texts under keys, of one tenant and one plugin each, in Redis
 * under the tenant's hash tag. All that a call changes is written at once, if nothing that it read
 * was changed meanwhile.
 */
public final class PluginState {
  private static final Script READ = new Script("plugin-state-read");
  private static final Script COMMIT = Script.replicated("plugin-state-commit");

  /** Something that a plugin keeps. */
  public record Entry(String plugin, String key, String value) {}

  /** A value, or null, with the version of the state that it is of. */
  record Value(String version, @Nullable String value) {}

  /** Keys, with the version of the state that they are of. */
  record Keys(String version, List<String> keys) {}

  /** How much a plugin keeps. */
  record Size(long keys, long bytes) {}

  private final Store store;
  private final PluginSettings settings;

  public PluginState(Store store, PluginSettings settings) {
    this.store = store;
    this.settings = settings;
  }

  /** All that plugins keep for the tenant, enabled or not, by plugin and key. */
  public Future<List<Entry>> entries(TenantScope scope) {
    return store
        .hashGetAll(sizes(scope))
        .compose(
            plugins -> {
              List<String> names = plugins.keySet().stream().sorted().toList();
              List<Future<Map<String, String>>> reading = new ArrayList<>();
              names.forEach(plugin -> reading.add(store.hashGetAll(values(scope, plugin))));
              return Future.all(reading)
                  .map(
                      read -> {
                        List<Entry> entries = new ArrayList<>();
                        for (int i = 0; i < names.size(); i++) {
                          String plugin = names.get(i);
                          new TreeMap<>(reading.get(i).result())
                              .forEach((key, value) -> entries.add(new Entry(plugin, key, value)));
                        }
                        return entries;
                      });
            });
  }

  /**
   * Deletes all that plugins keep for the tenant. A call that is under way may write after it, so
   * suspend the tenant before.
   */
  public Future<Void> erase(TenantScope scope) {
    return store
        .hashGetAll(sizes(scope))
        .compose(
            plugins -> {
              List<Key> keys = new ArrayList<>(List.of(sizes(scope)));
              plugins.keySet().forEach(plugin -> keys.add(values(scope, plugin)));
              return store.delete(keys.toArray(Key[]::new));
            })
        .mapEmpty();
  }

  Future<Value> get(TenantScope scope, String plugin, String key) {
    return read(scope, plugin, "get", key)
        .map(result -> new Value(result.text(0), result.integer(1) == 0 ? null : result.text(2)));
  }

  Future<Keys> keys(TenantScope scope, String plugin, String prefix) {
    return read(scope, plugin, "keys", prefix)
        .map(
            result -> {
              List<String> keys = new ArrayList<>();
              for (int at = 1; at < result.size(); at++) {
                keys.add(result.text(at));
              }
              return new Keys(result.text(0), keys);
            });
  }

  /** How much each plugin keeps, by plugin. */
  Future<Map<String, Size>> sizes(TenantScope scope, List<String> plugins) {
    Map<String, Size> sizes = new LinkedHashMap<>();
    return store
        .hashGetAll(sizes(scope))
        .compose(
            rows -> {
              List<Future<Long>> counting = new ArrayList<>();
              for (String plugin : plugins) {
                String row = rows.get(plugin);
                if (row != null) {
                  long bytes = Long.parseLong(row.substring(row.lastIndexOf('|') + 1));
                  counting.add(
                      store
                          .hashSize(values(scope, plugin))
                          .onSuccess(keys -> sizes.put(plugin, new Size(keys, bytes))));
                }
              }
              return Future.all(counting);
            })
        .map(done -> sizes);
  }

  /**
   * Writes what a call has changed.
   *
   * @param install of the plugin, which the tenant must have enabled
   * @param version as the call has read it, or null when it has read nothing
   * @return whether it was written: not when the state has changed since it was read; fails with
   *     {@code limit_exceeded}, and with {@code not_found} when the plugin is no longer enabled
   */
  Future<Boolean> commit(
      TenantScope scope,
      String plugin,
      String install,
      @Nullable String version,
      Map<String, @Nullable String> changes) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                plugin,
                install,
                version == null ? "" : version,
                Integer.toString(settings.stateKeys()),
                Integer.toString(settings.stateBytes()),
                UUID.randomUUID().toString().replace("-", "")));
    changes.forEach(
        (key, value) -> {
          arguments.add(value == null ? "del" : "put");
          arguments.add(key);
          arguments.add(value == null ? "" : value);
        });
    return store
        .run(
            COMMIT,
            List.of(EnabledPlugins.key(scope), sizes(scope), values(scope, plugin)),
            arguments)
        .map(result -> written(plugin, result));
  }

  private boolean written(String plugin, ScriptResult result) {
    return switch ((int) result.integer(0)) {
      case 1 -> true;
      case 0 -> false;
      case -1 -> throw full(plugin, "plugin_state_keys", "keys", settings.stateKeys(), result);
      case -2 -> throw full(plugin, "plugin_state_bytes", "bytes", settings.stateBytes(), result);
      default -> throw ParleyException.notFound("plugin " + plugin);
    };
  }

  private static ParleyException full(
      String plugin, String limit, String unit, int max, ScriptResult result) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "the plugin %s may keep %d %s for a tenant, and this call would make it %d"
                .formatted(plugin, max, unit, result.integer(1)))
        .with(ParleyException.DETAIL_CODE, PluginStopped.Reason.STATE_FULL.detail())
        .with("limit", limit)
        .with("max", max);
  }

  private Future<ScriptResult> read(TenantScope scope, String plugin, String what, String text) {
    return store.run(
        READ, List.of(sizes(scope), values(scope, plugin)), List.of(plugin, what, text));
  }

  /** The hash that says of each plugin with state: install, version and bytes. */
  static Key sizes(TenantScope scope) {
    return scope.key("plugins", "sizes");
  }

  static Key values(TenantScope scope, String plugin) {
    return scope.key("plugins", "state", plugin);
  }
}
