package dev.parley.hub.quota;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A store that hands everything on to another, for tests that count or break what passes. */
class ForwardingStore implements Store {
  private final Store store;

  ForwardingStore(Store store) {
    this.store = store;
  }

  @Override
  public Future<String> get(Key key) {
    return store.get(key);
  }

  @Override
  public Future<Void> set(Key key, String value, long ttlMs) {
    return store.set(key, value, ttlMs);
  }

  @Override
  public Future<Long> delete(Key... keys) {
    return store.delete(keys);
  }

  @Override
  public Future<Map<String, Long>> deleteAll(Keyspace space) {
    return store.deleteAll(space);
  }

  @Override
  public Future<String> hashGet(Key key, String field) {
    return store.hashGet(key, field);
  }

  @Override
  public Future<Map<String, String>> hashGetAll(Key key) {
    return store.hashGetAll(key);
  }

  @Override
  public Future<Void> hashSet(Key key, String field, String value) {
    return store.hashSet(key, field, value);
  }

  @Override
  public Future<Boolean> hashSetIfAbsent(Key key, String field, String value) {
    return store.hashSetIfAbsent(key, field, value);
  }

  @Override
  public Future<Boolean> hashDelete(Key key, String field) {
    return store.hashDelete(key, field);
  }

  @Override
  public Future<Long> hashSize(Key key) {
    return store.hashSize(key);
  }

  @Override
  public Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments) {
    return store.run(script, keys, arguments);
  }

  @Override
  public Future<Boolean> sortedAdd(Key key, String member) {
    return store.sortedAdd(key, member);
  }

  @Override
  public Future<List<String>> sortedAfter(Key key, String after, int limit) {
    return store.sortedAfter(key, after, limit);
  }

  @Override
  public Future<Map<String, String>> streamEntry(Key key, String id) {
    return store.streamEntry(key, id);
  }

  @Override
  public Future<Boolean> sortedRemove(Key key, String member) {
    return store.sortedRemove(key, member);
  }

  @Override
  public Future<Void> publish(String topic, String message) {
    return store.publish(topic, message);
  }

  @Override
  public Future<Void> subscribe(String topic, Consumer<String> onMessage, Runnable onGap) {
    return store.subscribe(topic, onMessage, onGap);
  }

  @Override
  public Future<Void> ping() {
    return store.ping();
  }
}
