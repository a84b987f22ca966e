package dev.parley.chaos;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Harm that is done once.
 *
 * @param node which hub, counted from 0; of no meaning to {@code REDIS}
 * @param lastsMs how long until it is undone
 * @param hard of {@code REDIS}: kill -9 and not a restart
 */
record Fault(Kind kind, int node, long lastsMs, boolean hard) {
  enum Kind {
    /** {@code kill -9} of a hub, and its start after a while. */
    KILL(1_000, 5_000),
    /** {@code SIGSTOP} and {@code SIGCONT}, shorter or longer than the others' patience. */
    PAUSE(500, 18_000),
    /** {@code SIGTERM} and start of each hub, one after the other. */
    ROLL(0, 500),
    /** Redis restarted or killed. */
    REDIS(100, 4_000);

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
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  String text() {
    return switch (kind) {
      case KILL -> "kill -9 of node-%d, back after %d ms".formatted(node + 1, lastsMs);
      case PAUSE -> "node-%d stands still for %d ms".formatted(node + 1, lastsMs);
      case ROLL -> "rolling restart";
      case REDIS -> "Redis %s, back after %d ms".formatted(hard ? "killed" : "stopped", lastsMs);
    };
  }

  /** Does it and undoes it; returns when the processes are up again. */
  void strike(Fleet fleet) throws IOException, InterruptedException {
    switch (kind) {
      case KILL -> {
        HubNode victim = fleet.nodes().get(node);
        victim.kill();
        TimeUnit.MILLISECONDS.sleep(lastsMs);
        restart(victim);
      }
      case PAUSE -> {
        HubNode victim = fleet.nodes().get(node);
        victim.signal("STOP");
        try {
          TimeUnit.MILLISECONDS.sleep(lastsMs);
        } finally {
          victim.signal("CONT");
        }
      }
      case ROLL -> {
        for (HubNode victim : fleet.nodes()) {
          if (!victim.terminate()) {
            throw new IOException(victim.name() + " did not stop on SIGTERM and was killed");
          }
          TimeUnit.MILLISECONDS.sleep(lastsMs);
          restart(victim);
        }
      }
      case REDIS -> {
        fleet.redis().stop(hard);
        TimeUnit.MILLISECONDS.sleep(lastsMs);
        fleet.redis().start();
      }
    }
  }

  private static void restart(HubNode node) throws IOException, InterruptedException {
    node.launch();
    node.awaitReady();
  }
}
