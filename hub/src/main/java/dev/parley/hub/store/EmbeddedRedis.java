package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code redis-server} that the hub starts itself, and the thread that looks after it: it ends
 * one that a killed hub left behind, starts the server, starts it again on the same append-only
 * file when it ends, and stops it with the hub. The thread may block; nobody waits for it but
 * through the futures.
 */
final class EmbeddedRedis {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);
  private static final Duration STOP = Duration.ofSeconds(10);
  private static final long FIRST_PAUSE_MS = 50;
  private static final long LONGEST_PAUSE_MS = 5_000;

  /** A server that ran this long had recovered: the next pause is the first one again. */
  private static final long STABLE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final ServerDirectory directory;
  private final StoreOptions options;
  private final CompletableFuture<Path> started = new CompletableFuture<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final Thread thread;
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile @Nullable Process process;

  /**
   * Takes the data directory, which the caller has locked.
   *
   * @param data its real path
   */
  EmbeddedRedis(Path data, StoreOptions options) {
    this.directory = new ServerDirectory(data);
    this.options = options;
    this.thread = new Thread(this::run, "redis-server");
    this.thread.setDaemon(true);
  }

  /**
   * Starts the server.
   *
   * @return the path of its socket, when it answers and has read its append-only file; fails with a
   *     {@link ParleyException}
   */
  CompletableFuture<Path> start() {
    thread.start();
    return started;
  }

  /** Stops the server: cleanly when it obeys within 10 s, else by force. */
  CompletableFuture<Void> close() {
    if (closing.compareAndSet(false, true)) {
      thread.interrupt();
    }
    return stopped;
  }

  /** The process id of the server, or -1 while there is none. */
  long pid() {
    Process current = process;
    return current != null && current.isAlive() ? current.pid() : -1;
  }

  private void run() {
    try {
      directory.create();
      directory.endOrphan();
      directory.placeSocket();
      RedisProgram program = RedisProgram.choose(options, directory.path());
      directory.requireReadableBy(program);
      launch(program);
      started.complete(directory.socket());
      supervise(program);
    } catch (ParleyException e) {
      started.completeExceptionally(e);
    } catch (InterruptedException e) {
      started.completeExceptionally(RedisFailure.closed());
    } catch (IOException e) {
      started.completeExceptionally(
          new ParleyException(
              ErrorCode.UNAVAILABLE,
              "cannot start redis-server in %s: %s"
                  .formatted(directory.path(), DataDirectory.reason(e))));
    } catch (RuntimeException e) {
      LOG.error("the supervisor of redis-server failed", e);
      started.completeExceptionally(e);
    } finally {
      stop();
      stopped.complete(null);
    }
  }

  private void launch(RedisProgram program) throws IOException, InterruptedException {
    directory.rotateLog();
    Process fresh = directory.command(program, options.fsync()).start();
    process = fresh;
    fresh.getOutputStream().close();
    directory.writePid(fresh.pid());
    directory.awaitAnswer(fresh);
    LOG.info(
        "redis-server {}.{} runs as process {} in {}",
        program.major(),
        program.minor(),
        fresh.pid(),
        directory.path());
  }

  private void supervise(RedisProgram program) throws InterruptedException {
    int failures = 0;
    while (true) {
      long since = System.nanoTime();
      Process current = process;
      int exit = current == null ? -1 : current.waitFor();
      if (System.nanoTime() - since > STABLE_NANOS) {
        failures = 0;
      }
      LOG.warn("redis-server ended with code {}: {}", exit, directory.lastWords());
      long pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(failures++, 10));
      TimeUnit.MILLISECONDS.sleep(pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1));
      try {
        launch(program);
      } catch (IOException | ParleyException e) {
        LOG.error("cannot start redis-server again, will try: {}", e.getMessage());
        Process failed = process;
        if (failed != null) {
          failed.destroyForcibly();
        }
      }
    }
  }

  private void stop() {
    closing.set(true);
    Process current = process;
    if (current != null) {
      end(current.toHandle(), STOP);
    }
    directory.tidy();
  }

  /** Asks a server to end, which makes Redis write and sync what it has; then insists. */
  static void end(ProcessHandle server, Duration patience) {
    server.destroy();
    if (!endsWithin(patience, server)) {
      LOG.warn("redis-server {} did not end within {}: killed", server.pid(), patience);
      server.destroyForcibly();
      endsWithin(STOP, server);
    }
  }

  private static boolean endsWithin(Duration patience, ProcessHandle server) {
    return server
        .onExit()
        .thenApply(ended -> true)
        .completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
