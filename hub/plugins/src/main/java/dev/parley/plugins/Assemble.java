package dev.parley.plugins;

import com.dylibso.chicory.wabt.Wat2Wasm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Assembles every {@code .wat} of a directory into another; run by the build. */
public final class Assemble {
  private static final String SOURCE = ".wat";

  private Assemble() {}

  /**
   * Assembles.
   *
   * @param directories source and target in turn
   */
  public static void main(String[] directories) throws IOException {
    for (int i = 0; i < directories.length; i += 2) {
      assemble(Path.of(directories[i]), Path.of(directories[i + 1]));
    }
  }

  private static void assemble(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    List<Path> sources;
    try (Stream<Path> files = Files.list(from)) {
      sources = files.filter(file -> file.toString().endsWith(SOURCE)).sorted().toList();
    }
    for (Path source : sources) {
      String file = String.valueOf(source.getFileName());
      Path target = to.resolve(file.substring(0, file.length() - SOURCE.length()) + ".wasm");
      if (!isNewer(target, source)) {
        Files.write(target, Wat2Wasm.parse(source.toFile()));
      }
    }
  }

  private static boolean isNewer(Path target, Path source) throws IOException {
    return Files.exists(target)
        && Files.getLastModifiedTime(target).compareTo(Files.getLastModifiedTime(source)) > 0;
  }
}
