package dev.parley.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The hubs and keys that this user knows, in {@code profiles.json} under {@code $XDG_CONFIG_HOME}
 * or {@code ~/.config}. The file is made with mode 600 and replaced whole; one that others may read
 * is refused.
 */
final class Profiles {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rw-------");

  /** A hub, and the key to it. */
  record Profile(String name, String url, String key) {}

  private final Path file;

  private Profiles(Path file) {
    this.file = file;
  }

  static Profiles of(Map<String, String> environment) {
    String configured = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path config =
        configured.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".config")
            : Path.of(configured);
    return new Profiles(config.resolve("parley").resolve("profiles.json"));
  }

  Path file() {
    return file;
  }

  /** The profile of this name, or the current one; null when there is none. */
  @Nullable Profile find(@Nullable String name) throws IOException {
    ObjectNode all = read();
    String wanted = name == null ? all.path("current").asText() : name;
    var row = all.path("profiles").path(wanted);
    if (row.isMissingNode()) {
      if (name != null) {
        throw ParleyException.invalid(
            "profile", "there is no profile %s in %s".formatted(name, file));
      }
      return null;
    }
    return new Profile(wanted, row.path("url").asText(), row.path("key").asText());
  }

  /** Keeps a profile and makes it the current one. */
  void save(Profile profile) throws IOException {
    ObjectNode all = read();
    all.put("current", profile.name());
    all.withObjectProperty("profiles")
        .putObject(profile.name())
        .put("url", profile.url())
        .put("key", profile.key());
    write(all);
  }

  private ObjectNode read() throws IOException {
    if (!Files.exists(file)) {
      return Json.object();
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    if (!PRIVATE.containsAll(mode)) {
      throw new ParleyException(
          ErrorCode.FORBIDDEN,
          "%s holds keys and others may read it (%s); run: chmod 600 %s"
              .formatted(file, PosixFilePermissions.toString(mode), file));
    }
    return Json.parseObject(file.toString(), Files.readString(file));
  }

  private void write(ObjectNode all) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh =
        Files.createTempFile(
            directory, "profiles", ".new", PosixFilePermissions.asFileAttribute(PRIVATE));
    Files.writeString(fresh, Json.write(all));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
