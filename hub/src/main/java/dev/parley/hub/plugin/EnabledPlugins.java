package dev.parley.hub.plugin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.NodeCache;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which plugins a tenant has enabled, and what it has granted them: what the plugin wanted then. A
 * newer version that wants more does not get it before the tenant has enabled it again. A row is of
 * one install, so that another plugin which takes over a name is enabled nowhere.
 */
public final class EnabledPlugins {
  private static final Script ENABLE = Script.replicated("plugin-enable");
  private static final Script DISABLE = new Script("plugin-disable");
  private static final int CACHED_TENANTS = 10_000;

  /** A row as stored; the script that commits state reads {@code install}. */
  private record Row(
      @JsonProperty("install") String install,
      @JsonProperty("version") String version,
      @JsonProperty("grants") List<String> grants,
      @JsonProperty("at") long enabledAt) {}

  /**
   * A plugin that a tenant has enabled.
   *
   * @param granted of what it wants
   */
  record Enabled(InstalledPlugin plugin, Set<Grant> granted) {}

  /** A scope as a key of the cache: of its tenant. */
  private record Cached(TenantId tenant, TenantScope scope) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Cached cached && cached.tenant.equals(tenant);
    }

    @Override
    public int hashCode() {
      return tenant.hashCode();
    }
  }

  private final Store store;
  private final InstalledPlugins installed;
  private final Announcements announcements;
  private final PluginSettings settings;
  private final Clock clock;
  private final NodeCache<Cached, Map<String, Row>> cached =
      new NodeCache<>(CACHED_TENANTS, this::load);

  public EnabledPlugins(
      Store store,
      InstalledPlugins installed,
      Announcements announcements,
      PluginSettings settings,
      Clock clock) {
    this.store = store;
    this.installed = installed;
    this.announcements = announcements;
    this.settings = settings;
    this.clock = clock;
    announcements.listen(this::onAnnouncement, cached::invalidateAll);
  }

  /** What the tenant has enabled, by name. */
  Future<Map<String, Enabled>> of(TenantScope scope) {
    return cached
        .get(new Cached(scope.tenant(), scope))
        .compose(
            rows ->
                rows.isEmpty()
                    ? Future.succeededFuture(Map.of())
                    : installed.all().map(all -> enabled(all, rows)));
  }

  private static Map<String, Enabled> enabled(
      Map<String, InstalledPlugin> all, Map<String, Row> rows) {
    Map<String, Enabled> enabled = new TreeMap<>();
    rows.forEach(
        (name, row) -> {
          InstalledPlugin plugin = all.get(name);
          if (plugin != null && plugin.install().equals(row.install)) {
            Set<Grant> granted = EnumSet.noneOf(Grant.class);
            plugin.manifest().grants().stream()
                .filter(grant -> row.grants.contains(grant.wireName()))
                .forEach(granted::add);
            enabled.put(name, new Enabled(plugin, granted));
          }
        });
    return enabled;
  }

  /** The plugin; fails with {@code not_found} when the tenant has not enabled it. */
  Future<Enabled> get(TenantScope scope, String name) {
    return of(scope)
        .map(
            all -> {
              Enabled plugin = all.get(name);
              if (plugin == null) {
                throw ParleyException.notFound("plugin " + name);
              }
              return plugin;
            });
  }

  /**
   * Enables a plugin with all that it wants of the host.
   *
   * @return fails with {@code not_found}, {@code limit_exceeded}
   */
  public Future<InstalledPlugin> enable(TenantScope scope, String name) {
    return installed
        .get(name)
        .compose(
            plugin -> {
              List<String> grants = new ArrayList<>();
              plugin.manifest().grants().forEach(grant -> grants.add(grant.wireName()));
              Row row =
                  new Row(plugin.install(), plugin.manifest().version(), grants, clock.millis());
              return store
                  .run(
                      ENABLE,
                      keys(scope, name),
                      List.of(
                          name,
                          Json.write(row),
                          plugin.install(),
                          Integer.toString(settings.maxEnabled())))
                  .compose(
                      result -> {
                        if (result.integer(0) < 0) {
                          throw atLimit(scope, result.integer(1));
                        }
                        return announce(scope).map(plugin);
                      });
            });
  }

  /**
   * Disables a plugin; calls that are under way can keep nothing any more.
   *
   * @param eraseState whether what it keeps is deleted
   * @return fails with {@code not_found} when it is not enabled
   */
  public Future<Void> disable(TenantScope scope, String name, boolean eraseState) {
    return store
        .run(DISABLE, keys(scope, name), List.of(name, eraseState ? "1" : "0"))
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                throw ParleyException.notFound("plugin " + name);
              }
              return announce(scope);
            });
  }

  private ParleyException atLimit(TenantScope scope, long used) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d plugins enabled, and may have %d; disable one"
                .formatted(scope.tenant(), used, settings.maxEnabled()))
        .with("limit", "plugins_enabled")
        .with("owner", "tenant " + scope.tenant())
        .with("used", used)
        .with("max", settings.maxEnabled());
  }

  private Future<Map<String, Row>> load(Cached tenant) {
    return store
        .hashGetAll(key(tenant.scope))
        .map(
            rows -> {
              Map<String, Row> all = new TreeMap<>();
              rows.forEach((name, row) -> all.put(name, Json.read(row, Row.class)));
              return all;
            });
  }

  private Future<Void> announce(TenantScope scope) {
    return announcements.announce(new Announcement.PluginsChanged(scope.tenant().value()));
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.PluginsChanged plugins) {
      cached.invalidateIf(tenant -> tenant.tenant.value().equals(plugins.tenant()));
    }
  }

  /** The hash of what the tenant has enabled. */
  static Key key(TenantScope scope) {
    return scope.key("plugins", "enabled");
  }

  private static List<Key> keys(TenantScope scope, String plugin) {
    return List.of(key(scope), PluginState.sizes(scope), PluginState.values(scope, plugin));
  }
}
