package dev.parley.hub.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The masters of a Redis Cluster, each with connections of its own, so that one that is away keeps
 * back only the keys it holds. Which holds which slot is looked up at the start, and again when a
 * master is away or says that it no longer holds one.
 *
 * <p>The client library's own cluster connection does not do: it connects to all nodes or to none,
 * does not notice when a node that it has been redirected to goes away, subscribes to each topic at
 * a node by chance, and sends a {@code WAIT} to any master.
 */
final class RedisCluster implements Topology {
  private static final Logger LOG = LoggerFactory.getLogger(RedisCluster.class);
  private static final int MOST_REDIRECTIONS = 3;
  private static final long LOOK_EVERY_MS = 250;

  /** Answers that say that the servers are not as they were. */
  private static final Set<String> CHANGED = Set.of("MOVED", "READONLY", "CLUSTERDOWN");

  private final Vertx vertx;
  private final Context context;
  private final RedisUrl url;
  private final StoreOptions options;
  private final Runnable onChange;
  private final Map<String, RedisNode> masters = new HashMap<>();
  private final List<Future<Void>> firstAttempts = new ArrayList<>();
  private volatile @Nullable RedisNode[] bySlot = new RedisNode[HashSlot.COUNT];
  private volatile List<RedisNode> all = List.of();
  private volatile boolean stale;
  private volatile boolean closed;
  private @Nullable Future<Void> looking;
  private long timer = -1;

  /**
   * Does not connect.
   *
   * @param onChange runs when other servers are masters than before
   */
  RedisCluster(
      Vertx vertx, Context context, RedisUrl url, StoreOptions options, Runnable onChange) {
    this.vertx = vertx;
    this.context = context;
    this.url = url;
    this.options = options;
    this.onChange = onChange;
  }

  @Override
  public Future<Void> start() {
    Promise<Void> started = Promise.promise();
    context.runOnContext(
        v -> {
          timer = vertx.setPeriodic(LOOK_EVERY_MS, id -> lookIfNeeded());
          look()
              .compose(seen -> Future.join(firstAttempts).<Void>mapEmpty().otherwiseEmpty())
              .onComplete(started);
        });
    return started.future();
  }

  @Override
  public Future<Void> close() {
    closed = true;
    Promise<Void> done = Promise.promise();
    context.runOnContext(
        v -> {
          vertx.cancelTimer(timer);
          Future.join(masters.values().stream().map(RedisNode::close).toList())
              .<Void>mapEmpty()
              .onComplete(done);
        });
    return done.future();
  }

  @Override
  public Future<@Nullable Response> send(Key key, Request request) {
    Caller caller = Caller.current();
    return caller.get(send(key, request, RedisNode::send, MOST_REDIRECTIONS));
  }

  @Override
  public Future<@Nullable Response> sendReplicated(Key key, Request request) {
    Caller caller = Caller.current();
    return caller.get(send(key, request, RedisNode::sendReplicated, MOST_REDIRECTIONS));
  }

  private Future<@Nullable Response> send(
      Key key,
      Request request,
      BiFunction<RedisNode, Request, Future<@Nullable Response>> how,
      int redirections) {
    RedisNode node = bySlot[HashSlot.of(key)];
    if (node == null) {
      stale = true;
      return Future.failedFuture(closed ? RedisFailure.closed() : RedisFailure.away());
    }
    return how.apply(node, request)
        .recover(
            failure -> {
              String kind = RedisFailure.kind(failure);
              if (CHANGED.contains(kind)) {
                stale = true;
              }
              return kind.equals("MOVED") && redirections > 0
                  ? lookSoon().compose(seen -> send(key, request, how, redirections - 1))
                  : Future.failedFuture(failure);
            });
  }

  @Override
  public Future<@Nullable Response> sendAnywhere(Request request) {
    for (RedisNode node : all) {
      if (node.isUp()) {
        return node.send(request);
      }
    }
    return Future.failedFuture(closed ? RedisFailure.closed() : RedisFailure.away());
  }

  @Override
  public RedisUrl listenAt() {
    return all.stream()
        .filter(RedisNode::isUp)
        .findFirst()
        .map(RedisNode::listenAt)
        .orElse(url.nodes().get(0));
  }

  private void lookIfNeeded() {
    if (stale || masters.values().stream().anyMatch(node -> !node.isUp())) {
      look().onFailure(e -> LOG.debug("cannot look up the cluster: {}", RedisFailure.reason(e)));
    }
  }

  private Future<Void> lookSoon() {
    Promise<Void> looked = Promise.promise();
    context.runOnContext(v -> look().onComplete(looked));
    return looked.future();
  }

  private Future<Void> look() {
    if (looking != null) {
      return looking;
    }
    stale = false;
    Set<String> known = new LinkedHashSet<>(masters.keySet());
    List<RedisUrl> asked = new ArrayList<>(known.stream().map(url::node).toList());
    url.nodes().stream().filter(seed -> !known.contains(seed.address())).forEach(asked::add);
    Future<Void> begun = ask(asked, 0);
    if (begun.isComplete()) {
      return begun;
    }
    looking = begun;
    begun.onComplete(
        seen -> {
          looking = null;
          stale |= seen.failed();
        });
    return begun;
  }

  /** Asks one after the other until one is part of a cluster that works. */
  private Future<Void> ask(List<RedisUrl> nodes, int index) {
    RedisUrl node = nodes.get(index);
    return ask(node)
        .compose(
            slots -> {
              use(slots, node);
              return Future.<Void>succeededFuture();
            })
        .recover(
            failure ->
                index + 1 < nodes.size() && !closed
                    ? ask(nodes, index + 1)
                    : Future.failedFuture(failure));
  }

  private Future<Response> ask(RedisUrl node) {
    Redis client = Redis.createClient(vertx, node.options(options));
    return client
        .connect()
        .compose(
            connection ->
                connection
                    .send(Request.cmd(Command.CLUSTER).arg("INFO"))
                    .compose(
                        info ->
                            String.valueOf(info).contains("cluster_state:ok")
                                ? connection.send(Request.cmd(Command.CLUSTER).arg("SLOTS"))
                                : Future.<@Nullable Response>failedFuture(RedisFailure.away())))
        .<Response>compose(
            slots ->
                slots == null
                    ? Future.failedFuture(RedisFailure.away())
                    : Future.succeededFuture(slots))
        .timeout(options.commandTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .onComplete(answered -> client.close());
  }

  private void use(Response slots, RedisUrl asked) {
    if (closed) {
      return;
    }
    @Nullable RedisNode[] held = new RedisNode[HashSlot.COUNT];
    Set<String> seen = new HashSet<>();
    boolean first = masters.isEmpty();
    boolean changed = false;
    for (Response range : slots) {
      String address = address(range.get(2), asked);
      seen.add(address);
      changed |= !masters.containsKey(address);
      RedisNode node = masters.computeIfAbsent(address, this::connect);
      for (int slot = range.get(0).toInteger(); slot <= range.get(1).toInteger(); slot++) {
        held[slot] = node;
      }
    }
    for (String address : Set.copyOf(masters.keySet())) {
      if (!seen.contains(address)) {
        masters.remove(address).close();
        changed = true;
      }
    }
    bySlot = held;
    all = List.copyOf(masters.values());
    if (changed && !first) {
      LOG.info("the masters of the Redis Cluster are now {}", seen);
      onChange.run();
    }
  }

  private RedisNode connect(String address) {
    RedisNode node = new RedisNode(vertx, context, url.node(address), options, () -> {});
    Future<Void> tried = node.startTrying();
    if (all.isEmpty()) {
      firstAttempts.add(tried);
    }
    return node;
  }

  /** A server that does not know its own host is where it was asked. */
  private static String address(Response server, RedisUrl asked) {
    String host = server.get(0) == null ? "" : server.get(0).toString();
    if (host.isEmpty() || host.equals("?")) {
      String own = asked.address();
      host = own.substring(0, own.lastIndexOf(':'));
    } else if (host.contains(":")) {
      host = "[" + host + "]";
    }
    return host + ":" + server.get(1);
  }
}
