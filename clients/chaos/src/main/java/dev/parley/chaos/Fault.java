package dev.parley.chaos;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Harm that is done once.
 *
 * @param node which hub, counted from 0; of no meaning to {@code REDIS} and {@code DISK}
 * @param lastsMs how long until it is undone
 * @param hard of {@code REDIS}: kill -9 and not a restart; of {@code CUT}: cut and not slow; of
 *     {@code CLOCK}: forward and not back
 * @param redis of {@code CUT}: the line to Redis and not those to the other nodes
 */
record Fault(Kind kind, int node, long lastsMs, boolean hard, boolean redis) {
  private static final long STEP_SECONDS = 3_600;

  enum Kind {
    /** {@code kill -9} of a hub, and its start after a while. */
    KILL(1_000, 5_000),
    /** {@code SIGSTOP} and {@code SIGCONT}, shorter or longer than the others' patience. */
    PAUSE(500, 18_000),
    /** {@code SIGTERM} and start of each hub, one after the other. */
    ROLL(0, 500),
    /** Redis restarted or killed. */
    REDIS(100, 4_000),
    /** A hub is cut off from the others or from Redis, or most of its packets need a second try. */
    CUT(1_000, 15_000),
    /** The data directory is full. */
    DISK(1_000, 6_000),
    /** The clock of a hub is an hour off. */
    CLOCK(2_000, 8_000);

    private final long shortest;
    private final long longest;

    Kind(long shortest, long longest) {
      this.shortest = shortest;
      this.longest = longest;
    }

    long shortest() {
      return shortest;
    }

    long longest() {
      return longest;
    }

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Why it cannot be done on this machine; null when it can. */
    @Nullable String lacking() {
      return switch (this) {
        case CUT -> Network.lacking();
        case DISK -> Disk.lacking();
        case CLOCK -> NodeClock.lacking();
        case KILL, PAUSE, ROLL, REDIS -> null;
      };
    }
  }

  String text() {
    String name = "node-" + (node + 1);
    return switch (kind) {
      case KILL -> "kill -9 of %s, back after %d ms".formatted(name, lastsMs);
      case PAUSE -> "%s stands still for %d ms".formatted(name, lastsMs);
      case ROLL -> "rolling restart";
      case REDIS -> "Redis %s, back after %d ms".formatted(hard ? "killed" : "stopped", lastsMs);
      case CUT ->
          "the line from %s to %s is %s for %d ms"
              .formatted(
                  name, redis ? "Redis" : "the other nodes", hard ? "cut" : "lossy", lastsMs);
      case DISK -> "the data directory is full for %d ms".formatted(lastsMs);
      case CLOCK ->
          "the clock of %s is an hour %s for %d ms"
              .formatted(name, hard ? "ahead" : "behind", lastsMs);
    };
  }

  /** Does it and undoes it; returns when the processes are up again. */
  void strike(Fleet fleet) throws IOException, InterruptedException {
    switch (kind) {
      case KILL -> {
        HubNode victim = fleet.nodes().get(node);
        victim.kill();
        last();
        restart(victim);
      }
      case PAUSE -> {
        HubNode victim = fleet.nodes().get(node);
        victim.signal("STOP");
        try {
          last();
        } finally {
          victim.signal("CONT");
        }
      }
      case ROLL -> {
        for (HubNode victim : fleet.nodes()) {
          if (!victim.terminate()) {
            throw new IOException(victim.name() + " did not stop on SIGTERM and was killed");
          }
          last();
          restart(victim);
        }
      }
      case REDIS -> {
        fleet.redis().stop(hard);
        last();
        fleet.redis().start();
      }
      case CUT -> cut(fleet.network());
      case DISK -> {
        fleet.disk().fill();
        try {
          last();
        } finally {
          fleet.disk().free();
        }
      }
      case CLOCK -> {
        NodeClock clock = fleet.clock(node);
        clock.step(hard ? STEP_SECONDS : -STEP_SECONDS);
        try {
          last();
        } finally {
          clock.step(0);
        }
      }
    }
  }

  private void cut(Network network) throws IOException, InterruptedException {
    if (redis) {
      network.harmRedis(node, hard);
    } else {
      network.harmNodes(node, hard);
    }
    try {
      last();
    } finally {
      network.heal();
    }
  }

  private void last() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(lastsMs);
  }

  private static void restart(HubNode node) throws IOException, InterruptedException {
    node.launch();
    node.awaitReady();
  }
}
