package dev.parley.hub.plugin;

import dev.parley.hub.plugin.PluginStopped.Reason;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's state as one call sees it: as it was at the first read, with the call's own changes,
 * which are made when the call has succeeded, all or none. Used by the worker thread, which waits
 * for the store as long as the call may take.
 */
final class StateView {
  /** Bytes of a key. */
  static final int MAX_KEY = 128;

  /** Bytes of a value, and of any other text that a plugin gives to the host. */
  static final int MAX_VALUE = 64 << 10;

  private static final int MAX_CHANGES = 1_000;

  /** Another call has changed the state since this one looked: begin anew. */
  static final class Changed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Changed() {
      super(null, null, false, false);
    }
  }

  private final PluginState states;
  private final TenantScope scope;
  private final String plugin;
  private final Context loop;
  private final Meter meter;
  private final Map<String, @Nullable String> changes = new LinkedHashMap<>();
  private @Nullable String version;

  StateView(PluginState states, TenantScope scope, String plugin, Context loop, Meter meter) {
    this.states = states;
    this.scope = scope;
    this.plugin = plugin;
    this.loop = loop;
    this.meter = meter;
  }

  @Nullable String get(String key) {
    if (changes.containsKey(key)) {
      return changes.get(key);
    }
    PluginState.Value read = await(() -> states.get(scope, plugin, key));
    requireSame(read.version());
    return read.value();
  }

  void put(String key, String value) {
    change(key, value);
  }

  /** Answers whether it was there. */
  boolean delete(String key) {
    boolean there = get(key) != null;
    if (there) {
      change(key, null);
    }
    return there;
  }

  Set<String> keys(String prefix) {
    PluginState.Keys read = await(() -> states.keys(scope, plugin, prefix));
    requireSame(read.version());
    Set<String> keys = new TreeSet<>(read.keys());
    changes.forEach(
        (key, value) -> {
          if (value == null) {
            keys.remove(key);
          } else if (key.startsWith(prefix)) {
            keys.add(key);
          }
        });
    return keys;
  }

  /** What the call has changed, null for a key that it deleted. */
  Map<String, @Nullable String> changes() {
    return changes;
  }

  /** The version that the call has read, or null when it has read none. */
  @Nullable String version() {
    return version;
  }

  private void change(String key, @Nullable String value) {
    if (key.isEmpty()) {
      throw new PluginStopped(Reason.BAD_REQUEST, "gave a key that is empty");
    }
    if (changes.size() == MAX_CHANGES && !changes.containsKey(key)) {
      throw new PluginStopped(
          Reason.STATE_FULL, "changed more than %d keys in one call".formatted(MAX_CHANGES));
    }
    changes.put(key, value);
  }

  private void requireSame(String read) {
    if (version != null && !version.equals(read)) {
      throw new Changed();
    }
    version = read;
  }

  private <T> T await(Supplier<Future<T>> asking) {
    Promise<T> answer = Promise.promise();
    loop.runOnContext(go -> asking.get().onComplete(answer));
    CompletableFuture<T> waiting = answer.future().toCompletionStage().toCompletableFuture();
    try {
      return waiting.get(Math.max(0, meter.nanosLeft()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new PluginStopped(Reason.TIMEOUT, "took too long");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginStopped(Reason.TIMEOUT, "was stopped with the hub");
    }
  }
}
