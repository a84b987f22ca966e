package dev.parley.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs of the operating system. */
final class Command {
  private Command() {}

  /** Runs one to its end; fails with what it said when it fails. */
  static void run(String input, String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("%s failed: %s".formatted(String.join(" ", command), said.strip()));
    }
  }

  static boolean isThere(String program) {
    return List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin").stream()
        .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
  }

  /** Whether the network and the mounts are this run's own and end with it. */
  static boolean hasNamespaces() {
    return Boolean.getBoolean("parley.chaos.namespaces");
  }
}
