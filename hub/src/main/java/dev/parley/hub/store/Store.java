package dev.parley.hub.store;

import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the hub asks of Redis, in the hub's words. Every method answers within the command timeout;
 * where replicas confirm, within twice the sum of that and the time that they have. When Redis is
 * away it fails with {@code unavailable} and a time to try again, and works again by itself when
 * Redis is back, or another has taken its place.
 */
public interface Store {

  Future<@Nullable String> get(Key key);

  /** Sets a value, for {@code ttlMs} milliseconds when that is more than 0. */
  Future<Void> set(Key key, String value, long ttlMs);

  /** Deletes keys of one keyspace; answers how many there were. */
  Future<Long> delete(Key... keys);

  /**
   * Deletes every key of a keyspace that is there now; answers how many of each kind, the first
   * part of their names. Looks through all keys of the server, a bounded number at a time.
   */
  Future<Map<String, Long>> deleteAll(Keyspace space);

  Future<@Nullable String> hashGet(Key key, String field);

  /** All fields of a hash, empty when there is none. */
  Future<Map<String, String>> hashGetAll(Key key);

  Future<Void> hashSet(Key key, String field, String value);

  /** Sets a field that is not there; answers whether it was set. */
  Future<Boolean> hashSetIfAbsent(Key key, String field, String value);

  /** Deletes a field; answers whether it was there. */
  Future<Boolean> hashDelete(Key key, String field);

  Future<Long> hashSize(Key key);

  /** Runs a Lua script atomically, with one key at least; all must be of one keyspace. */
  Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments);

  /** Adds a member to a set that is kept in the order of names; answers whether it is new. */
  Future<Boolean> sortedAdd(Key key, String member);

  /** Members after {@code after} (exclusive, null for the first), in the order of names. */
  Future<List<String>> sortedAfter(Key key, @Nullable String after, int limit);

  /** The fields of one entry of a stream; null when there is no such entry. */
  Future<@Nullable Map<String, String>> streamEntry(Key key, String id);

  Future<Boolean> sortedRemove(Key key, String member);

  /** Sends a message to every hub that listens on this topic, this one included. */
  Future<Void> publish(String topic, String message);

  /**
   * Listens on a topic. Messages may be lost while the connection to Redis is down; {@code onGap}
   * runs whenever that may have happened, so that caches can be dropped.
   */
  Future<Void> subscribe(String topic, Consumer<String> onMessage, Runnable onGap);

  Future<Void> ping();
}
