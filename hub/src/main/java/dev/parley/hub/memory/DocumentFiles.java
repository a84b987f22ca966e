package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The documents of memory on disk, {@code agents/<agent>/memory/<id>.<stamp>.json} below the
 * tenant's directory; blocks. A file is written once and never changed: a put makes another, and
 * the catalogue says which is current. So two nodes that put the same document at once harm neither
 * the file nor the count.
 */
final class DocumentFiles {
  private static final Logger LOG = LoggerFactory.getLogger(DocumentFiles.class);
  private static final String DIRECTORY = "memory";
  private static final Pattern NAME =
      Pattern.compile("([a-z0-9][a-z0-9_-]{0,63})\\.([0-9]{13}-[0-9a-z]{1,13})\\.json");

  /** JSON may write a byte of text as six. */
  private static final int MOST_ESCAPED = 6;

  private static final int MOST_AROUND = 1 << 14;

  private final Path root;
  private final String tenant;
  private final int maxBytes;

  DocumentFiles(TenantScope scope, int maxDocumentBytes) {
    this.root = Objects.requireNonNull(scope.directory().getParent(), "workspace root");
    this.tenant = scope.tenant().value();
    this.maxBytes = maxDocumentBytes * MOST_ESCAPED + MOST_AROUND;
  }

  /** What a file holds: enough to make the catalogue again. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Stored(
      String id,
      String text,
      List<String> tags,
      @Nullable String session,
      long createdAt,
      long updatedAt) {

    Head head(String stamp) {
      return new Head(
          stamp,
          text.getBytes(StandardCharsets.UTF_8).length,
          createdAt,
          updatedAt,
          tags.isEmpty() ? null : tags,
          session);
    }
  }

  /** A file that was found. */
  record Found(DocumentName name, String stamp) {
    long writtenAt() {
      return Long.parseLong(stamp.substring(0, 13));
    }
  }

  /** A stamp that sorts after those made before it. */
  static String stamp(long now) {
    String random = Long.toString(ThreadLocalRandom.current().nextLong(1L << 52), 36);
    return "%013d-%s".formatted(now, random);
  }

  /** Writes a new file; on return it is on disk. */
  void write(DocumentName name, String stamp, Stored document) {
    guarded(
        "write",
        name,
        () ->
            OpenDirectory.retrying(
                () -> {
                  try (OpenDirectory directory = open(name.agent(), Missing.CREATE)) {
                    directory.replace(
                        fileOf(name, stamp), Json.write(document).getBytes(StandardCharsets.UTF_8));
                    return true;
                  }
                }));
  }

  /** Reads a file; null when it is not there, or damaged, which must not keep others from it. */
  @Nullable Stored read(DocumentName name, String stamp) {
    Optional<Stored> stored =
        guarded(
            "read",
            name,
            () -> {
              try (OpenDirectory directory = open(name.agent(), Missing.FAIL)) {
                byte[] bytes = directory.read(fileOf(name, stamp), maxBytes);
                return Optional.of(
                    Json.read(new String(bytes, StandardCharsets.UTF_8), Stored.class));
              } catch (NoSuchFileException e) {
                return Optional.empty();
              } catch (RuntimeException e) {
                LOG.error("memory {} of {} is damaged on disk", name, tenant, e);
                return Optional.empty();
              }
            });
    return stored.orElse(null);
  }

  /** Deletes the file with this stamp and those of the same document that are older. */
  void delete(DocumentName name, String stamp) {
    guarded(
        "delete",
        name,
        () -> {
          try (OpenDirectory directory = open(name.agent(), Missing.FAIL)) {
            List<String> files = new ArrayList<>();
            directory.forEach(files::add);
            for (String file : files) {
              Matcher match = NAME.matcher(file);
              if (match.matches()
                  && match.group(1).equals(name.id())
                  && (match.group(2).equals(stamp)
                      || match.group(2).substring(0, 13).compareTo(stamp.substring(0, 13)) < 0)) {
                deleteFile(directory, file);
              }
            }
            directory.force();
          } catch (NoSuchFileException e) {
            LOG.debug("{} has no documents on disk", name.agent());
          }
          return true;
        });
  }

  /** Deletes this one file. */
  void deleteOne(DocumentName name, String stamp) {
    guarded(
        "delete",
        name,
        () -> {
          try (OpenDirectory directory = open(name.agent(), Missing.FAIL)) {
            deleteFile(directory, fileOf(name, stamp));
          } catch (NoSuchFileException e) {
            LOG.debug("{} is gone already", name);
          }
          return true;
        });
  }

  private static void deleteFile(OpenDirectory directory, String file) throws IOException {
    try {
      directory.deleteFile(file);
    } catch (NoSuchFileException e) {
      LOG.debug("{} is gone already", file);
    }
  }

  /** All files of the tenant, those of a document with the newest last. */
  List<Found> all() {
    DocumentName nobody = new DocumentName(new AgentId("all"), "all");
    return guarded(
        "list",
        nobody,
        () -> {
          List<Found> found = new ArrayList<>();
          for (AgentId agent : agents()) {
            try (OpenDirectory directory = open(agent, Missing.FAIL)) {
              directory.forEach(
                  file -> {
                    Matcher match = NAME.matcher(file);
                    if (match.matches()) {
                      DocumentName name = new DocumentName(agent, match.group(1));
                      found.add(new Found(name, match.group(2)));
                    }
                  });
            } catch (NoSuchFileException | NotDirectoryException e) {
              LOG.debug("{} has no documents on disk", agent);
            }
          }
          found.sort(
              Comparator.comparing((Found file) -> file.name.toString())
                  .thenComparing(Found::stamp));
          return found;
        });
  }

  private List<AgentId> agents() throws IOException {
    List<AgentId> agents = new ArrayList<>();
    try (OpenDirectory all = OpenDirectory.walk(root, List.of(tenant, "agents"), Missing.FAIL)) {
      all.forEach(
          name -> {
            if (name.matches("[a-z0-9]+(-[a-z0-9]+)*") && name.length() <= 40) {
              agents.add(new AgentId(name));
            }
          });
    } catch (NoSuchFileException e) {
      LOG.debug("{} has no agents on disk", tenant);
    }
    return agents;
  }

  private OpenDirectory open(AgentId agent, Missing missing) throws IOException {
    return OpenDirectory.walk(root, List.of(tenant, "agents", agent.value(), DIRECTORY), missing);
  }

  private static String fileOf(DocumentName name, String stamp) {
    String file = "%s.%s.json".formatted(name.id(), stamp);
    if (!NAME.matcher(file).matches()) {
      throw new IllegalArgumentException("not a document: " + file.toLowerCase(Locale.ROOT));
    }
    return file;
  }

  private <T> T guarded(String verb, DocumentName name, OpenDirectory.Work<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      LOG.warn("cannot {} memory {} of {}", verb, name, tenant, e);
      String reason =
          e instanceof FileSystemException file && file.getReason() != null
              ? file.getReason()
              : "the disk failed";
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot %s memory %s: %s; nothing was changed".formatted(verb, name.id(), reason),
          e);
    }
  }
}
