package dev.parley.hub.model;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The master keys of a hub: the first seals, all of them open. They come from the environment
 * variable {@value #VARIABLE}, separated by commas, or from a file with one on each line, which is
 * made with one key on the first start. A rotation puts a new key first, seals everything anew and
 * then drops the old one.
 */
public final class MasterKeys {
  public static final String VARIABLE = "PARLEY_MASTER_KEY";
  static final String FILE = "master.key";
  static final int MOST = 10;

  private static final Set<PosixFilePermission> OF_OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final MasterKey current;
  private final Map<String, MasterKey> byId = new LinkedHashMap<>();

  private MasterKeys(List<MasterKey> keys) {
    this.current = keys.get(0);
    keys.forEach(key -> byId.putIfAbsent(key.id(), key));
  }

  /** These keys; the first seals. */
  static MasterKeys of(MasterKey... keys) {
    return new MasterKeys(List.of(keys));
  }

  /**
   * Takes the keys from the environment, or from {@code <data>/master.key}, which is created (mode
   * 600) when it is absent. Blocks on the disk.
   *
   * @throws ParleyException {@code invalid_request} when a key is malformed or their file can be
   *     read or written by others; {@code unavailable} when the disk fails
   */
  public static MasterKeys load(Path data, Map<String, String> environment) {
    String set = environment.get(VARIABLE);
    if (set != null && !set.isBlank()) {
      return parse(VARIABLE, Arrays.stream(set.split(",", -1)));
    }
    Path file = data.resolve(FILE);
    try {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        create(data, file);
      }
      return read(file);
    } catch (IOException e) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot read or create the master key %s (%s); repair the disk or set %s"
              .formatted(file, e.getClass().getSimpleName(), VARIABLE));
    }
  }

  /** The key that seals. */
  MasterKey current() {
    return current;
  }

  /** The key of this id, or null. */
  @Nullable MasterKey find(String id) {
    return byId.get(id);
  }

  /** The id of the key that seals: eight hexadecimal digits. */
  public String currentId() {
    return current.id();
  }

  /** The ids of all keys, the one that seals first. */
  public List<String> ids() {
    return List.copyOf(byId.keySet());
  }

  @Override
  public String toString() {
    return "master keys " + ids();
  }

  private static MasterKeys parse(String source, Stream<String> texts) {
    List<MasterKey> keys = new ArrayList<>();
    for (String text : texts.map(String::strip).filter(text -> !text.isEmpty()).toList()) {
      keys.add(MasterKey.of(source, text));
    }
    if (keys.isEmpty() || keys.size() > MOST) {
      throw ParleyException.invalid(
          "masterKey", "%s must hold 1 to %d keys".formatted(source, MOST));
    }
    return new MasterKeys(keys);
  }

  private static MasterKeys read(Path file) throws IOException {
    Set<PosixFilePermission> permissions =
        Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw ParleyException.invalid("masterKey", file + " must be a regular file, not a link");
    }
    if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
      throw ParleyException.invalid(
          "masterKey",
          "%s has mode %s and others could take the key: chmod 600 it, or replace the key"
              .formatted(file, PosixFilePermissions.toString(permissions)));
    }
    return parse(file.toString(), Files.readString(file, StandardCharsets.US_ASCII).lines());
  }

  /** Writes a new key beside the file and links it into place, so that no start sees a part. */
  private static void create(Path data, Path file) throws IOException {
    byte[] text =
        (Base64.getEncoder().encodeToString(MasterKey.random()) + "\n")
            .getBytes(StandardCharsets.US_ASCII);
    Path draft = data.resolve("." + FILE + "." + UUID.randomUUID());
    try (FileChannel channel =
        FileChannel.open(
            draft,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      channel.write(ByteBuffer.wrap(text));
      channel.force(true);
      linkUnlessThere(file, draft);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /** Where another hub was faster, its key is the one. */
  private static void linkUnlessThere(Path file, Path draft) throws IOException {
    try {
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException anotherHubWasFaster) {
      return;
    }
  }
}
