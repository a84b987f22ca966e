package dev.parley.hub.cluster;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node is on the side of a parted cluster that may commit. Every node says once a
 * second in Redis that it lives; one that left is out at once, one that died after {@link #EXPIRY}.
 * A side may commit when it sees more than half of the nodes that live, or half of them with the
 * oldest among these. A node that has not been heard itself for that long, because Redis was away
 * or it stood still, may not either.
 */
public final class Majority {
  private static final Logger LOG = LoggerFactory.getLogger(Majority.class);
  private static final Script BEAT = new Script("node-beat");
  private static final Key NODES = Keyspace.platform().key("nodes");
  private static final long BEAT_MS = 1_000;

  /** After it a node that was not heard of counts as dead. */
  static final Duration EXPIRY = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final Store store;
  private final String self;
  private final Supplier<Set<String>> seen;
  private volatile Map<String, Long> living = Map.of();
  private volatile long heardAt;
  private volatile boolean told;
  private volatile boolean left;
  private long timer;

  /**
   * Not started.
   *
   * @param seen the nodes that this one reaches, itself among them
   */
  public Majority(Vertx vertx, Store store, String self, Supplier<Set<String>> seen) {
    this.vertx = vertx;
    this.store = store;
    this.self = self;
    this.seen = seen;
    this.heardAt = System.nanoTime() - EXPIRY.toNanos();
  }

  /** Says that this node lives, from now on. */
  public Future<Void> start() {
    timer = vertx.setPeriodic(BEAT_MS, passed -> beat());
    return beat();
  }

  /** Says that this node lives no more. */
  public Future<Void> leave() {
    left = true;
    vertx.cancelTimer(timer);
    return say("leave").<Void>mapEmpty().otherwiseEmpty();
  }

  /** Whether this side may commit. */
  public boolean isHere() {
    return System.nanoTime() - heardAt < EXPIRY.toNanos() && majority(living, seen.get());
  }

  /**
   * Insists on it.
   *
   * @throws ParleyException {@code unavailable}
   */
  public void require() {
    if (!isHere()) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE,
              "this node of the hub sees %d of %d nodes, not the majority; try again or go to another node"
                  .formatted(seen.get().size(), living.size()))
          .retryAfter(1_000);
    }
  }

  static boolean majority(Map<String, Long> living, Set<String> seen) {
    List<String> together = living.keySet().stream().filter(seen::contains).toList();
    if (together.size() * 2 != living.size()) {
      return together.size() * 2 > living.size();
    }
    return living.keySet().stream()
        .min((a, b) -> age(living, a, b))
        .map(seen::contains)
        .orElse(false);
  }

  private static int age(Map<String, Long> living, String a, String b) {
    int byAge = Long.compare(living.getOrDefault(a, 0L), living.getOrDefault(b, 0L));
    return byAge != 0 ? byAge : a.compareTo(b);
  }

  private Future<Void> beat() {
    long asked = System.nanoTime();
    return say("beat")
        .onSuccess(
            nodes -> {
              if (!left) {
                living = nodes;
                heardAt = asked;
              }
            })
        .onFailure(failure -> LOG.debug("could not say that this node lives", failure))
        .onComplete(done -> tell())
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  private Future<Map<String, Long>> say(String what) {
    return store
        .run(BEAT, List.of(NODES), List.of(self, what, Long.toString(EXPIRY.toMillis())))
        .map(Majority::nodes);
  }

  private static Map<String, Long> nodes(ScriptResult result) {
    Map<String, Long> nodes = new HashMap<>();
    for (int i = 0; i + 1 < result.size(); i += 2) {
      nodes.put(result.text(i), Long.parseLong(result.text(i + 1)));
    }
    return Map.copyOf(nodes);
  }

  /** Says once when it is lost and once when it is back. */
  private void tell() {
    boolean here = isHere();
    if (here == told) {
      return;
    }
    told = here;
    if (here) {
      LOG.info("this node is with the majority of {} nodes", living.size());
    } else if (!left) {
      LOG.warn(
          "this node sees {} of {} nodes, not the majority: it refuses to commit until it does",
          seen.get().size(),
          living.size());
    }
  }
}
