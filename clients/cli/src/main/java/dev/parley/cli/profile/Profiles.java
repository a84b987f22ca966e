package dev.parley.cli.profile;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The hubs and keys that this user knows, in {@code profiles.json} under {@code $XDG_CONFIG_HOME}
 * or {@code ~/.config}. The file is made with mode 600 and replaced whole; one that others may read
 * is refused.
 */
public final class Profiles {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rw-------");

  private static final Set<PosixFilePermission> PRIVATE_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private final Path file;

  private Profiles(Path file) {
    this.file = file;
  }

  public static Profiles of(Map<String, String> environment) {
    String configured = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path config =
        configured.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".config")
            : Path.of(configured);
    return new Profiles(config.resolve("parley").resolve("profiles.json"));
  }

  public Path file() {
    return file;
  }

  /** The profile of this name, or the current one; null when there is none. */
  public @Nullable Profile find(@Nullable String name) throws IOException {
    ObjectNode all = read();
    String wanted = name == null ? all.path("current").asText() : name;
    var row = all.path("profiles").path(wanted);
    if (row.isMissingNode()) {
      if (name != null) {
        throw ParleyException.invalid(
            "profile",
            "there is no profile %s in %s; see: parley profile list".formatted(name, file));
      }
      return null;
    }
    return of(wanted, row);
  }

  /** All profiles, in the order in which they were made. */
  public List<Profile> all() throws IOException {
    List<Profile> all = new ArrayList<>();
    for (var row : read().path("profiles").properties()) {
      all.add(of(row.getKey(), row.getValue()));
    }
    return all;
  }

  /** The name of the profile that is used when none is named; empty when there is none. */
  public String current() throws IOException {
    return read().path("current").asText();
  }

  /** Makes a profile the current one. */
  public void use(String name) throws IOException {
    require(name);
    ObjectNode all = read();
    write(all.put("current", name));
  }

  /** Forgets a profile. Its key stays valid at the hub. */
  public void remove(String name) throws IOException {
    require(name);
    ObjectNode all = read();
    all.withObjectProperty("profiles").remove(name);
    if (all.path("current").asText().equals(name)) {
      all.remove("current");
    }
    write(all);
  }

  private void require(String name) throws IOException {
    var unused = find(name);
  }

  private static Profile of(String name, JsonNode row) {
    return new Profile(name, row.path("url").asText(), row.path("key").asText());
  }

  /**
   * Finds out whether a key could be kept, before one is made that is shown only once.
   *
   * @throws ParleyException {@code forbidden} when others may read the file
   */
  public void requireUsable() throws IOException {
    read();
    Files.createDirectories(directory(), PosixFilePermissions.asFileAttribute(PRIVATE_DIRECTORY));
    if (!Files.isWritable(directory())) {
      throw new ParleyException(
          ErrorCode.FORBIDDEN,
          "%s cannot be written, so no key can be kept".formatted(directory()));
    }
  }

  /** Keeps a profile and makes it the current one. */
  public void save(Profile profile) throws IOException {
    requireUsable();
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
    Path fresh =
        Files.createTempFile(
            directory(), "profiles", ".new", PosixFilePermissions.asFileAttribute(PRIVATE));
    try {
      Files.writeString(fresh, Json.write(all));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private Path directory() {
    return file.resolveSibling(".").normalize();
  }
}
