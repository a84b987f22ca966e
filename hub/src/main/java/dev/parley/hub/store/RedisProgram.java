package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code redis-server} program and its version: the one that was asked for, the one on {@code
 * PATH}, or the one inside the embedded-redis jar, of which only the resource is used. Every method
 * blocks.
 *
 * @param path the executable
 */
record RedisProgram(Path path, int major, int minor) {
  private static final Pattern VERSION = Pattern.compile("server v=(\\d+)\\.(\\d+)");
  private static final long ANSWER_SECONDS = 10;

  /**
   * Chooses the program.
   *
   * @param serverDirectory where the bundled one is unpacked, below {@code bin}
   * @throws ParleyException {@code invalid_request} when the one asked for does not do, {@code
   *     unavailable} when there is none
   */
  static RedisProgram choose(StoreOptions options, Path serverDirectory) {
    if (options.redisServer().isPresent()) {
      Path wanted = options.redisServer().get();
      return probe(wanted)
          .filter(RedisProgram::isRecent)
          .orElseThrow(
              () ->
                  ParleyException.invalid(
                      "redisServer",
                      "%s is no redis-server of version 6.2 or newer that runs here; name another"
                          .formatted(wanted)));
    }
    return onPath().or(() -> bundled(serverDirectory.resolve("bin"))).orElseThrow(() -> none());
  }

  private static ParleyException none() {
    return new ParleyException(
        ErrorCode.UNAVAILABLE,
        "there is no redis-server 6.2 or newer on PATH and the bundled one does not run here;"
            + " install Redis (apt install redis-server) or name a running one with --redis");
  }

  static Optional<RedisProgram> onPath() {
    for (String directory :
        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory, "redis-server");
      if (candidate.isAbsolute() && Files.isExecutable(candidate)) {
        Optional<RedisProgram> program = probe(candidate).filter(RedisProgram::isRecent);
        if (program.isPresent()) {
          return program;
        }
      }
    }
    return Optional.empty();
  }

  /** The program inside the embedded-redis jar, unpacked into this directory. */
  static Optional<RedisProgram> bundled(Path directory) {
    Optional<String> resource =
        resourceName(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    if (resource.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = RedisProgram.class.getResourceAsStream("/" + resource.get())) {
      if (in == null) {
        return Optional.empty();
      }
      DataDirectory.createPrivate(directory);
      Path program = directory.resolve(resource.get());
      if (!Files.isExecutable(program)) {
        Path unpacked = Files.createTempFile(directory, "redis-server", ".tmp");
        Files.copy(in, unpacked, StandardCopyOption.REPLACE_EXISTING);
        if (!unpacked.toFile().setExecutable(true, true)) {
          return Optional.empty();
        }
        Files.move(unpacked, program, StandardCopyOption.ATOMIC_MOVE);
      }
      return probe(program).filter(RedisProgram::isRecent);
    } catch (IOException e) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot unpack the bundled redis-server into %s: %s; free some space there"
              .formatted(directory, DataDirectory.reason(e)));
    }
  }

  static Optional<String> resourceName(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    boolean arm = osArch.equals("aarch64") || osArch.equals("arm64");
    boolean intel = osArch.equals("amd64") || osArch.equals("x86_64");
    if (os.startsWith("linux") && (arm || intel)) {
      return Optional.of(
          arm ? "redis-server-6.2.7-linux-arm64" : "redis-server-6.2.6-v5-linux-amd64");
    }
    if (os.startsWith("mac") && (arm || intel)) {
      return Optional.of("redis-server-6.2.6-v5-darwin-" + (arm ? "arm64" : "amd64"));
    }
    return Optional.empty();
  }

  /** Asks a program for its version; empty when it does not run or is no Redis. */
  static Optional<RedisProgram> probe(Path program) {
    try {
      Process process =
          new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true).start();
      process.getOutputStream().close();
      if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      byte[] said = process.getInputStream().readNBytes(4_096);
      Matcher version = VERSION.matcher(new String(said, StandardCharsets.UTF_8));
      return version.find()
          ? Optional.of(
              new RedisProgram(
                  program.toAbsolutePath(),
                  Integer.parseInt(version.group(1)),
                  Integer.parseInt(version.group(2))))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  boolean isRecent() {
    return isRecent(major, minor);
  }

  /** Whether a version is 6.2 or newer. */
  static boolean isRecent(int major, int minor) {
    return major > 6 || (major == 6 && minor >= 2);
  }

  /** Since 7.0 the append-only file is a directory of files, which 6.2 does not look for. */
  boolean writesManyAppendOnlyFiles() {
    return major >= 7;
  }
}
