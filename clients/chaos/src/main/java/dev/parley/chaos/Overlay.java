package dev.parley.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Files that stand before the hub's own on the class path of the nodes, so that a safeguard is gone
 * which no setting of the hub takes away.
 */
final class Overlay {
  private static final String SCRIPTS = "dev/parley/hub/store/lua/";
  private static final List<String> FENCES = List.of("session-commit.lua", "node-beat.lua");

  private Overlay() {}

  /** Scripts with which any node commits: without token and without majority. */
  static Path withoutFencing(Path directory) throws IOException {
    Path root = directory.resolve("without-fencing");
    for (String script : FENCES) {
      Path file = root.resolve(SCRIPTS + script);
      Files.createDirectories(file.getParent());
      String resource = "without-fencing/" + SCRIPTS + script;
      try (InputStream in = Overlay.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException(resource + " is not in this jar");
        }
        Files.copy(in, file);
      }
    }
    return root;
  }
}
