package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code <data>/redis}: the append-only file, log, pid file and socket of the server that the hub
 * starts itself. Every method blocks.
 *
 * <p>The path of a Unix socket is limited by the kernel to 103 to 107 bytes. When the data
 * directory is too deep for that, the socket is in a private directory under the system's temporary
 * directory, and {@code socket-path} says where, so that the next start finds an orphan.
 */
final class ServerDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(ServerDirectory.class);
  private static final int LONGEST_SOCKET_PATH = 100;
  private static final long LONGEST_LOG = 1 << 20;
  private static final int TAIL = 2_048;
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final long START_SECONDS = 300;

  private final Path path;
  private Path socket;

  ServerDirectory(Path data) {
    this.path = Stores.serverDirectory(data);
    this.socket = path.resolve("redis.sock");
  }

  Path path() {
    return path;
  }

  Path socket() {
    return socket;
  }

  private Path pidFile() {
    return path.resolve("redis.pid");
  }

  private Path log() {
    return path.resolve("redis.log");
  }

  private Path socketPath() {
    return path.resolve("socket-path");
  }

  void create() throws IOException {
    DataDirectory.createPrivate(path);
    if (!Files.isWritable(path)) {
      throw ParleyException.invalid(
          "data",
          "cannot write in %s; give it to this user or choose another --data".formatted(path));
    }
  }

  /**
   * Ends the server that a killed hub left behind. It is ours when the process of the pid file
   * answers on our socket, or, when it does not answer, when it works in our directory; a process
   * that merely got its number is left alone.
   */
  void endOrphan() throws IOException {
    if (Files.exists(socketPath())) {
      socket = Path.of(Files.readString(socketPath()).trim());
    }
    Optional<ProcessHandle> orphan = readPid().flatMap(ProcessHandle::of);
    if (orphan.isPresent() && orphan.get().isAlive() && isOurs(orphan.get())) {
      LOG.warn(
          "ending redis-server {}, which an earlier hub left behind in {}",
          orphan.get().pid(),
          path);
      EmbeddedRedis.end(orphan.get());
    }
    tidy();
    if (path.resolve("redis.sock").toString().getBytes(StandardCharsets.UTF_8).length
        <= LONGEST_SOCKET_PATH) {
      socket = path.resolve("redis.sock");
      return;
    }
    socket = Files.createTempDirectory("parley-").resolve("redis.sock");
    Files.writeString(socketPath(), socket.toString());
    LOG.info("{} is too long a path for a Unix socket: it is {}", path, socket);
  }

  private Optional<Long> readPid() throws IOException {
    if (!Files.exists(pidFile())) {
      return Optional.empty();
    }
    String text = Files.readString(pidFile()).trim();
    return text.matches("\\d{1,18}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
  }

  private boolean isOurs(ProcessHandle process) {
    try {
      String server = RedisSocket.ask(socket, "INFO server", "process_id:", ANSWER);
      return server.contains("process_id:" + process.pid() + "\r");
    } catch (IOException e) {
      try {
        Path workingDirectory = Path.of("/proc", Long.toString(process.pid()), "cwd").toRealPath();
        return workingDirectory.equals(path.toRealPath());
      } catch (IOException unknown) {
        return false;
      }
    }
  }

  /**
   * Refuses a program that would not see what a newer one wrote.
   *
   * @throws ParleyException {@code invalid_request}
   */
  void requireReadableBy(RedisProgram program) {
    if (Files.isDirectory(path.resolve("appendonlydir")) && !program.writesManyAppendOnlyFiles()) {
      throw ParleyException.invalid(
          "data",
          "%s was written by Redis 7 or newer and %s is %d.%d; install redis-server 7 or newer"
              .formatted(path, program.path(), program.major(), program.minor()));
    }
  }

  void rotateLog() throws IOException {
    if (Files.exists(log()) && Files.size(log()) > LONGEST_LOG) {
      Files.move(log(), path.resolve("redis.log.1"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /**
   * The command line. The server is put into a session of its own where {@code setsid} is: Ctrl-C
   * on the terminal must reach the hub only, which needs its store to stop in order.
   */
  ProcessBuilder command(RedisProgram program, FsyncPolicy fsync) {
    List<String> command = new ArrayList<>();
    Path setsid = Path.of("/usr/bin/setsid");
    if (Files.isExecutable(setsid)) {
      command.add(setsid.toString());
    }
    command.add(program.path().toString());
    option(command, "port", "0");
    option(command, "unixsocket", socket.toString());
    option(command, "unixsocketperm", "700");
    option(command, "dir", path.toString());
    option(command, "daemonize", "no");
    option(command, "logfile", log().toString());
    option(command, "loglevel", "notice");
    option(command, "save", "");
    option(command, "appendonly", "yes");
    option(command, "appendfsync", fsync.redisName());
    option(command, "aof-load-truncated", "yes");
    option(command, "aof-use-rdb-preamble", "yes");
    option(command, "maxmemory-policy", "noeviction");
    option(command, "maxclients", "64");
    option(command, "timeout", "0");
    return new ProcessBuilder(command)
        .directory(path.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
  }

  private static void option(List<String> command, String name, String value) {
    command.add("--" + name);
    command.add(value);
  }

  void writePid(long pid) throws IOException {
    Path written = path.resolve("redis.pid.tmp");
    Files.writeString(written, pid + "\n");
    Files.move(written, pidFile(), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Waits until the server answers, however long it reads its append-only file, up to 5 minutes.
   */
  void awaitAnswer(Process process) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline) {
      if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
        throw new ParleyException(
            ErrorCode.UNAVAILABLE,
            "redis-server ended while starting: %s; see %s".formatted(lastWords(), log()));
      }
      try {
        if (RedisSocket.ask(socket, "PING", "\r\n", ANSWER).startsWith("+PONG")) {
          return;
        }
      } catch (IOException e) {
        LOG.debug("redis-server does not answer yet: {}", e.getMessage());
      }
    }
    throw new ParleyException(
        ErrorCode.UNAVAILABLE,
        "redis-server did not answer within %d s; see %s".formatted(START_SECONDS, log()));
  }

  /** What the server last wrote to its log: a warning when there is one near the end. */
  String lastWords() {
    try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
      byte[] tail = new byte[(int) Math.min(TAIL, file.length())];
      file.seek(file.length() - tail.length);
      file.readFully(tail);
      List<String> lines =
          new String(tail, StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank()).toList();
      List<String> warnings = lines.stream().filter(l -> l.contains(" # ")).toList();
      List<String> words = warnings.isEmpty() ? lines : warnings;
      return words.isEmpty() ? "it said nothing" : words.get(words.size() - 1).trim();
    } catch (IOException e) {
      return "its log cannot be read";
    }
  }

  /** Removes what only a running server needs. */
  void tidy() {
    try {
      Files.deleteIfExists(pidFile());
      Files.deleteIfExists(socket);
      if (Files.deleteIfExists(socketPath())) {
        Files.deleteIfExists(socket.getParent());
      }
    } catch (IOException e) {
      LOG.debug("cannot tidy {}: {}", path, e.getMessage());
    }
  }
}
