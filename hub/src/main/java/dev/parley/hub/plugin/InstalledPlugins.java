package dev.parley.hub.plugin;

import com.dylibso.chicory.wasm.WasmModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.NodeCache;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The plugins of the platform. A module is checked when it is installed and again when a node loads
 * it, and is known by its hash. Parsed modules are kept by hash; they hold no state.
 */
public final class InstalledPlugins {
  private static final Script INSTALL = Script.replicated("plugin-install");
  private static final Script REMOVE = new Script("plugin-remove");
  private static final Key ROWS = Keyspace.platform().key("plugins", "installed");
  private static final Key MODULES = Keyspace.platform().key("plugins", "modules");
  private static final String ALL = "all";

  /** Of all modules kept parsed; that takes some thirty times as much of the heap. */
  private static final long CACHED_BYTES = 2 << 20;

  private final Vertx vertx;
  private final Store store;
  private final Announcements announcements;
  private final PluginSettings settings;
  private final Clock clock;
  private final NodeCache<String, Map<String, InstalledPlugin>> cached =
      new NodeCache<>(1, all -> load());
  private final Cache<String, Parsed> modules =
      Caffeine.newBuilder()
          .maximumWeight(CACHED_BYTES)
          .weigher((String hash, Parsed parsed) -> parsed.bytes)
          .build();

  private record Parsed(WasmModule module, int bytes) {}

  public InstalledPlugins(
      Vertx vertx, Store store, Announcements announcements, PluginSettings settings, Clock clock) {
    this.vertx = vertx;
    this.store = store;
    this.announcements = announcements;
    this.settings = settings;
    this.clock = clock;
    announcements.listen(this::onAnnouncement, cached::invalidateAll);
  }

  /** All, by name. */
  public Future<Map<String, InstalledPlugin>> all() {
    return cached.get(ALL);
  }

  /** The plugin of this name; fails with {@code not_found}. */
  Future<InstalledPlugin> get(String name) {
    return all()
        .map(
            all -> {
              InstalledPlugin plugin = all.get(name);
              if (plugin == null) {
                throw ParleyException.notFound("plugin " + name);
              }
              return plugin;
            });
  }

  /**
   * Installs a plugin, or a newer version of one that is there, after checking it.
   *
   * @param manifest of the form of the contract
   * @param wasm the module in base64
   * @param sha256 what the hash of the module must be, in hexadecimal
   * @return fails with {@code invalid_request}, {@code payload_too_large}, {@code conflict} when
   *     this version or a newer one is there, {@code limit_exceeded}
   */
  public Future<InstalledPlugin> install(ObjectNode manifest, String wasm, String sha256) {
    if (wasm.length() > (settings.moduleBytes() + 2) / 3 * 4) {
      return Future.failedFuture(tooLarge());
    }
    return vertx
        .executeBlocking(
            () -> {
              PluginManifest read = PluginManifest.parse(manifest);
              byte[] bytes = decode(wasm);
              requireHash(bytes, sha256);
              ModuleCheck.parse(bytes, read, settings);
              return new InstalledPlugin(
                  read, sha256, bytes.length, UUID.randomUUID().toString(), clock.millis());
            },
            false)
        .compose(plugin -> write(plugin, wasm));
  }

  private Future<InstalledPlugin> write(InstalledPlugin plugin, String wasm) {
    return store
        .hashGet(ROWS, plugin.name())
        .compose(
            row -> {
              InstalledPlugin next =
                  row == null ? plugin : after(InstalledPlugin.ofRow(row), plugin);
              return store
                  .run(
                      INSTALL,
                      List.of(ROWS, MODULES),
                      List.of(
                          next.name(),
                          next.toRow(),
                          wasm,
                          row == null ? "" : row,
                          Integer.toString(settings.maxInstalled())))
                  .compose(
                      result -> {
                        if (result.integer(0) < 0) {
                          throw new ParleyException(
                                  ErrorCode.LIMIT_EXCEEDED,
                                  "this hub has %d plugins, and takes no more"
                                      .formatted(result.integer(1)))
                              .with("limit", "plugins_installed")
                              .with("max", settings.maxInstalled());
                        }
                        if (result.integer(0) == 0) {
                          throw new ParleyException(
                              ErrorCode.CONFLICT,
                              "the plugin %s was changed at the same time; try again"
                                  .formatted(next.name()));
                        }
                        return announce().map(next);
                      });
            });
  }

  private static InstalledPlugin after(InstalledPlugin old, InstalledPlugin plugin) {
    if (!plugin.manifest().isNewerThan(old.manifest())) {
      throw new ParleyException(
              ErrorCode.CONFLICT,
              "version %s of the plugin %s is installed; a new one must have a higher version"
                  .formatted(old.manifest().version(), old.name()))
          .with("field", "manifest")
          .with("version", old.manifest().version());
    }
    return new InstalledPlugin(
        plugin.manifest(), plugin.sha256(), plugin.bytes(), old.install(), plugin.installedAt());
  }

  /** Removes a plugin; all tenants lose it at once. Fails with {@code not_found}. */
  public Future<Void> remove(String name) {
    return store
        .run(REMOVE, List.of(ROWS, MODULES), List.of(name))
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                throw ParleyException.notFound("plugin " + name);
              }
              return announce();
            });
  }

  /**
   * The module of a plugin, to be asked for on a worker: it is parsed there when it is not kept,
   * and refused with {@code unavailable} when the plugin has just been changed.
   */
  Future<Supplier<WasmModule>> module(InstalledPlugin plugin) {
    Parsed here = modules.getIfPresent(plugin.sha256());
    return here != null
        ? Future.succeededFuture(here::module)
        : store.hashGet(MODULES, plugin.name()).map(wasm -> () -> parse(plugin, wasm));
  }

  private WasmModule parse(InstalledPlugin plugin, @Nullable String wasm) {
    byte[] bytes = wasm == null ? new byte[0] : decode(wasm);
    if (!hash(bytes).equals(plugin.sha256())) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE,
              "the plugin %s is being changed; try again".formatted(plugin.name()))
          .retryAfter(500);
    }
    WasmModule module = ModuleCheck.parse(bytes, plugin.manifest(), settings);
    modules.put(plugin.sha256(), new Parsed(module, bytes.length));
    return module;
  }

  private Future<Map<String, InstalledPlugin>> load() {
    return store
        .hashGetAll(ROWS)
        .map(
            rows -> {
              Map<String, InstalledPlugin> all = new TreeMap<>();
              rows.forEach((name, row) -> all.put(name, InstalledPlugin.ofRow(row)));
              return all;
            });
  }

  private Future<Void> announce() {
    return announcements.announce(new Announcement.PluginsChanged(""));
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.PluginsChanged plugins && plugins.tenant().isEmpty()) {
      cached.invalidateAll();
    }
  }

  private byte[] decode(String wasm) {
    try {
      byte[] bytes = Base64.getDecoder().decode(wasm);
      if (bytes.length > settings.moduleBytes()) {
        throw tooLarge();
      }
      return bytes;
    } catch (IllegalArgumentException e) {
      throw ParleyException.invalid("wasm", "the module is no base64");
    }
  }

  private ParleyException tooLarge() {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "the module is larger than %d bytes".formatted(settings.moduleBytes()))
        .with("field", "wasm")
        .with("limit", settings.moduleBytes());
  }

  private static void requireHash(byte[] bytes, String sha256) {
    String is = hash(bytes);
    if (!is.equals(sha256)) {
      throw ParleyException.invalid(
          "sha256", "the SHA-256 of the module is %s, not %s".formatted(is, sha256));
    }
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
