package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final Duration END_ANSWERING = Duration.ofSeconds(10);
  private static final Duration END_HANGING = Duration.ofSeconds(3);
  private static final long START_SECONDS = 300;
  private static final Pattern PROCESS_ID = Pattern.compile("process_id:(\\d{1,18})\\r");
  private static final Pattern PID = Pattern.compile("\\d{1,18}");

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
    PosixFileAttributeView modes = Files.getFileAttributeView(path, PosixFileAttributeView.class);
    if (modes != null) {
      modes.setPermissions(PosixFilePermissions.fromString("rwx------"));
    }
    if (!Files.isWritable(path)) {
      throw ParleyException.invalid(
          "data",
          "cannot write in %s; give it to this user or choose another --data".formatted(path));
    }
  }

  /**
   * Ends the server that a killed hub left behind: the process that answers on our socket, which
   * only this user reaches, or, when none answers, the one of the pid file if it works in our
   * directory. A process that merely got its number is left alone.
   */
  void endOrphan() throws IOException {
    if (Files.exists(socketPath())) {
      socket = Path.of(Files.readString(socketPath()).trim());
    }
    answeringProcess().ifPresent(server -> endOrphan(server, END_ANSWERING));
    hangingProcess().ifPresent(server -> endOrphan(server, END_HANGING));
    tidy();
  }

  private void endOrphan(ProcessHandle server, Duration patience) {
    LOG.warn("ending redis-server {}, which an earlier hub left in {}", server.pid(), path);
    EmbeddedRedis.end(server, patience);
  }

  private Optional<ProcessHandle> answeringProcess() {
    try {
      Matcher answer =
          PROCESS_ID.matcher(RedisSocket.ask(socket, "INFO server", "process_id:", ANSWER));
      return answer.find() ? process(answer.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<ProcessHandle> hangingProcess() {
    try {
      String pid = Files.readString(pidFile()).trim();
      return PID.matcher(pid).matches()
              && Path.of("/proc", pid, "cwd").toRealPath().equals(path.toRealPath())
          ? process(pid)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<ProcessHandle> process(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive);
  }

  /** Decides where the socket is. */
  void placeSocket() throws IOException {
    socket = path.resolve("redis.sock");
    if (length(socket) <= LONGEST_SOCKET_PATH) {
      return;
    }
    Path directory = Files.createTempDirectory("parley-");
    socket = directory.resolve("redis.sock");
    if (length(socket) > LONGEST_SOCKET_PATH) {
      Files.delete(directory);
      throw ParleyException.invalid(
          "data",
          "%s is too long a path for a Unix socket, and so is the temporary directory; choose a"
                  .formatted(path)
              + " shorter --data");
    }
    Files.writeString(socketPath(), socket.toString());
    LOG.info("{} is too long a path for a Unix socket: it is {}", path, socket);
  }

  private static int length(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
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

  /** What the server last wrote to its log: an error when there is one near the end. */
  String lastWords() {
    try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
      byte[] tail = new byte[(int) Math.min(TAIL, file.length())];
      file.seek(file.length() - tail.length);
      file.readFully(tail);
      List<String> lines =
          new String(tail, StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank()).toList();
      List<String> errors =
          lines.stream().filter(l -> l.contains(" # ") && !l.contains("WARNING")).toList();
      List<String> words = errors.isEmpty() ? lines : errors;
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
