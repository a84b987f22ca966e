package dev.parley.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The wall clock of one node, which can be stepped; the monotonic clock goes on as it is. */
final class NodeClock {
  private static final List<Path> LIBRARIES =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
          Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"));

  private final Path offset;

  private NodeClock(Path offset) {
    this.offset = offset;
  }

  /** Why clocks cannot be stepped; null when they can. */
  static @Nullable String lacking() {
    return LIBRARIES.stream().anyMatch(Files::exists)
        ? null
        : "it needs libfaketime; install it with: apt-get install faketime";
  }

  /** A clock that is right. */
  static NodeClock of(Path directory, String node) throws IOException {
    NodeClock clock = new NodeClock(directory.resolve(node + ".clock"));
    clock.step(0);
    return clock;
  }

  Map<String, String> environment() {
    Path library = LIBRARIES.stream().filter(Files::exists).findFirst().orElseThrow();
    return Map.of(
        "LD_PRELOAD",
        library.toString(),
        "FAKETIME_TIMESTAMP_FILE",
        offset.toString(),
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "1",
        "FAKETIME_CACHE_DURATION",
        "1",
        "FAKETIME_FORCE_MONOTONIC_FIX",
        "0",
        "NO_FAKE_STAT",
        "1");
  }

  /** From now on it is so many seconds ahead of what is right; the process sees it within 1 s. */
  void step(long seconds) throws IOException {
    Path next = offset.resolveSibling(offset.getFileName() + ".next");
    Files.writeString(next, "%+d%n".formatted(seconds));
    Files.move(next, offset, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
