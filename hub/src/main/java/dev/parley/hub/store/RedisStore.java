package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The {@link Store} on a Redis, wherever that runs. May be called from any thread. */
final class RedisStore implements Store {
  /** Topics share one name space with everything else on a Redis: they carry the hub's name. */
  private static final String TOPIC_PREFIX = "parley:";

  private static final Pattern VERSION = Pattern.compile("redis_version:(\\d{1,4})\\.(\\d{1,4})");

  private static final Key PING = Keyspace.platform().key("ping");

  private final Topology servers;
  private final RedisSubscriptions subscriptions;
  private final Map<Script, LoadedScript> scripts = new ConcurrentHashMap<>();

  private RedisStore(Vertx vertx, RedisUrl url, StoreOptions options) {
    Context context = vertx.getOrCreateContext();
    servers =
        url.isCluster()
            ? new RedisCluster(vertx, context, url, options, this::listenElsewhere)
            : new RedisNode(
                vertx, context, url, options, url.isSentinel() ? this::listenElsewhere : () -> {});
    subscriptions = new RedisSubscriptions(vertx, context, servers::listenAt, options);
  }

  private void listenElsewhere() {
    subscriptions.move();
  }

  /**
   * Connects and looks at the version.
   *
   * @return fails with {@code unavailable} when Redis cannot be reached, {@code invalid_request}
   *     when it is too old
   */
  static Future<RedisStore> connect(Vertx vertx, RedisUrl url, StoreOptions options) {
    RedisStore store = new RedisStore(vertx, url, options);
    return store
        .servers
        .start()
        .compose(v -> store.subscriptions.start())
        .compose(v -> store.requireRecent(url))
        .map(store)
        .recover(
            e -> store.close().transform(closed -> Future.failedFuture(cannotConnect(url, e))));
  }

  private static ParleyException cannotConnect(RedisUrl url, Throwable cause) {
    if (cause instanceof ParleyException known) {
      return known;
    }
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "cannot connect to Redis at %s: %s; start it or check --redis"
                .formatted(url, RedisFailure.reason(cause)))
        .retryAfter(1_000);
  }

  private Future<Void> requireRecent(RedisUrl url) {
    return answer(
            servers.sendAnywhere(Request.cmd(Command.INFO).arg("server")), Replies::textOrNull)
        .compose(
            info -> {
              Matcher version = VERSION.matcher(String.valueOf(info));
              if (version.find() && isRecent(version.group(1), version.group(2))) {
                return Future.succeededFuture();
              }
              return Future.failedFuture(
                  ParleyException.invalid(
                      "redis",
                      "the Redis at %s is not known to be 6.2 or newer; name another"
                          .formatted(url)));
            });
  }

  private static boolean isRecent(String major, String minor) {
    return RedisProgram.isRecent(Integer.parseInt(major), Integer.parseInt(minor));
  }

  Future<Void> close() {
    return Future.join(servers.close(), subscriptions.close()).mapEmpty();
  }

  @Override
  public Future<@Nullable String> get(Key key) {
    return send(key, Request.cmd(Command.GET).arg(key.value()), Replies::textOrNull);
  }

  @Override
  public Future<Void> set(Key key, String value, long ttlMs) {
    Request request = Request.cmd(Command.SET).arg(key.value()).arg(value);
    if (ttlMs > 0) {
      request.arg("PX").arg(ttlMs);
    }
    return send(key, request, Replies::nothing);
  }

  @Override
  public Future<Long> delete(Key... keys) {
    if (keys.length == 0) {
      return Future.succeededFuture(0L);
    }
    requireOneTag(List.of(keys));
    Request request = Request.cmd(Command.DEL);
    for (Key key : keys) {
      request.arg(key.value());
    }
    return send(keys[0], request, Replies::integer);
  }

  @Override
  public Future<Map<String, Long>> deleteAll(Keyspace space) {
    return new Deletion(servers, space.any()).run();
  }

  @Override
  public Future<@Nullable String> hashGet(Key key, String field) {
    return send(key, Request.cmd(Command.HGET).arg(key.value()).arg(field), Replies::textOrNull);
  }

  @Override
  public Future<Map<String, String>> hashGetAll(Key key) {
    return send(key, Request.cmd(Command.HGETALL).arg(key.value()), Replies::textMap);
  }

  @Override
  public Future<Void> hashSet(Key key, String field, String value) {
    return send(
        key, Request.cmd(Command.HSET).arg(key.value()).arg(field).arg(value), Replies::nothing);
  }

  @Override
  public Future<Boolean> hashSetIfAbsent(Key key, String field, String value) {
    return send(
        key, Request.cmd(Command.HSETNX).arg(key.value()).arg(field).arg(value), Replies::isOne);
  }

  @Override
  public Future<Boolean> hashDelete(Key key, String field) {
    return send(key, Request.cmd(Command.HDEL).arg(key.value()).arg(field), Replies::isOne);
  }

  @Override
  public Future<Long> hashSize(Key key) {
    return send(key, Request.cmd(Command.HLEN).arg(key.value()), Replies::integer);
  }

  @Override
  public Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments) {
    requireOneTag(keys);
    Key key = keys.get(0);
    LoadedScript loaded = scripts.computeIfAbsent(script, LoadedScript::load);
    Future<@Nullable Response> run =
        run(script, key, call(Command.EVALSHA, loaded.sha(), keys, arguments))
            .recover(
                e ->
                    RedisFailure.kind(e).equals("NOSCRIPT")
                        ? run(script, key, call(Command.EVAL, loaded.text(), keys, arguments))
                        : Future.failedFuture(e));
    return answer(run, Replies::scriptResult);
  }

  private Future<@Nullable Response> run(Script script, Key key, Request request) {
    return script.replicated() ? servers.sendReplicated(key, request) : servers.send(key, request);
  }

  /** Keys of two tenants may be on two servers of a cluster, and one command works on one. */
  private static void requireOneTag(List<Key> keys) {
    if (keys.stream().map(Key::tag).distinct().count() != 1) {
      throw new IllegalArgumentException("keys are not of one tenant or of the platform: " + keys);
    }
  }

  private static Request call(Command how, String script, List<Key> keys, List<String> arguments) {
    Request request = Request.cmd(how).arg(script).arg(keys.size());
    keys.forEach(key -> request.arg(key.value()));
    arguments.forEach(request::arg);
    return request;
  }

  @Override
  public Future<Boolean> sortedAdd(Key key, String member) {
    return send(key, Request.cmd(Command.ZADD).arg(key.value()).arg(0).arg(member), Replies::isOne);
  }

  @Override
  public Future<List<String>> sortedAfter(Key key, @Nullable String after, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a limit of " + limit + " is not at least 1");
    }
    Request request =
        Request.cmd(Command.ZRANGE)
            .arg(key.value())
            .arg(after == null ? "-" : "(" + after)
            .arg("+")
            .arg("BYLEX")
            .arg("LIMIT")
            .arg(0)
            .arg(limit);
    return send(key, request, Replies::textList);
  }

  @Override
  public Future<@Nullable Map<String, String>> streamEntry(Key key, String id) {
    return send(
        key,
        Request.cmd(Command.XRANGE).arg(key.value()).arg(id).arg(id),
        Replies::onlyStreamEntry);
  }

  @Override
  public Future<Boolean> sortedRemove(Key key, String member) {
    return send(key, Request.cmd(Command.ZREM).arg(key.value()).arg(member), Replies::isOne);
  }

  @Override
  public Future<Void> publish(String topic, String message) {
    return answer(
        servers.sendAnywhere(Request.cmd(Command.PUBLISH).arg(TOPIC_PREFIX + topic).arg(message)),
        Replies::nothing);
  }

  @Override
  public Future<Void> subscribe(String topic, Consumer<String> onMessage, Runnable onGap) {
    return subscriptions.subscribe(TOPIC_PREFIX + topic, onMessage, onGap);
  }

  @Override
  public Future<Void> ping() {
    return send(PING, Request.cmd(Command.PING), Replies::nothing);
  }

  private <T extends @Nullable Object> Future<T> send(
      Key key, Request request, Function<@Nullable Response, T> map) {
    return answer(servers.send(key, request), map);
  }

  private static <T extends @Nullable Object> Future<T> answer(
      Future<@Nullable Response> response, Function<@Nullable Response, T> map) {
    return response.recover(e -> Future.failedFuture(RedisFailure.of(e))).map(map);
  }
}
