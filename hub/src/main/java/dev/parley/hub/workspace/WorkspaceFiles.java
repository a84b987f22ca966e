package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.disk.RefusedFileException;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blocking side of a {@link Workspace}: turns each operation into steps on {@link OpenDirectory
 * open directories} and each {@link IOException} into an error a client understands.
 */
final class WorkspaceFiles {
  private static final Logger LOG = LoggerFactory.getLogger(WorkspaceFiles.class);

  private final Path root;
  private final List<String> place;
  private final WorkspaceSettings settings;

  /**
   * The files in one place.
   *
   * @param root written by the hub only
   * @param place the names that lead from the root to the workspace
   */
  WorkspaceFiles(Path root, List<String> place, WorkspaceSettings settings) {
    this.root = root;
    this.place = place;
    this.settings = settings;
  }

  List<FileEntry> list(WorkspacePath directory) {
    return guarded(
        "list",
        directory,
        () -> {
          List<FileEntry> found = new ArrayList<>();
          try (OpenDirectory start = open(directory.names(), Missing.FAIL)) {
            String prefix = directory.depth() == 0 ? "" : directory + "/";
            new Listing(found).visit(start, prefix, directory.depth());
          } catch (NoSuchFileException e) {
            if (directory.depth() > 0) {
              throw e;
            }
          }
          found.sort(Comparator.comparing(FileEntry::name));
          return found;
        });
  }

  FileEntry describe(WorkspacePath path) {
    return guarded(
        "read",
        path,
        () -> {
          try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
            return entry(path, parent.regular(path.last()));
          }
        });
  }

  FileText read(WorkspacePath path) {
    return guarded(
        "read",
        path,
        () -> {
          try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
            BasicFileAttributes found = parent.regular(path.last());
            byte[] bytes = content(parent, path);
            return new FileText(
                path.toString(),
                decode(path, bytes),
                bytes.length,
                found.lastModifiedTime().toMillis(),
                sha256(bytes));
          }
        });
  }

  void writeIfMissing(WorkspacePath path, String content) {
    change(path, (parent, old) -> old == null ? encode(content) : null);
  }

  FileEntry write(WorkspacePath path, String content) {
    byte[] bytes = encode(content);
    return change(path, (parent, old) -> bytes);
  }

  FileEntry append(WorkspacePath path, String content) {
    byte[] added = encode(content);
    return change(
        path,
        (parent, old) -> {
          byte[] before = old == null ? new byte[0] : content(parent, path);
          if (before.length + added.length > settings.maxFileBytes()) {
            throw tooLarge((long) before.length + added.length);
          }
          byte[] whole = Arrays.copyOf(before, before.length + added.length);
          System.arraycopy(added, 0, whole, before.length, added.length);
          return whole;
        });
  }

  boolean delete(WorkspacePath path) {
    return guarded(
        "delete",
        path,
        () -> {
          try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
            BasicFileAttributes found = parent.stat(path.last());
            if (found == null) {
              return false;
            }
            if (found.isDirectory()) {
              parent.deleteDirectory(path.last());
            } else {
              parent.regular(path.last());
              parent.deleteFile(path.last());
            }
            parent.force();
            return true;
          } catch (NoSuchFileException e) {
            return false;
          }
        });
  }

  /** Says what a file shall hold, given what is there; null to leave it. */
  private interface Change {
    byte @Nullable [] apply(OpenDirectory parent, @Nullable BasicFileAttributes old)
        throws IOException;
  }

  private FileEntry change(WorkspacePath path, Change change) {
    return guarded(
        "write",
        path,
        () ->
            OpenDirectory.retrying(
                () -> {
                  try (OpenDirectory parent = open(path.parents(), Missing.CREATE)) {
                    BasicFileAttributes old = parent.stat(path.last());
                    if (old != null) {
                      parent.regular(path.last());
                    }
                    byte[] content = change.apply(parent, old);
                    if (content != null) {
                      parent.replace(path.last(), content);
                    }
                    return entry(path, parent.regular(path.last()));
                  }
                }));
  }

  private OpenDirectory open(List<String> names, Missing missing) throws IOException {
    List<String> all = new ArrayList<>(place);
    all.addAll(names);
    return OpenDirectory.walk(root, all, missing);
  }

  private byte[] content(OpenDirectory parent, WorkspacePath path) throws IOException {
    byte[] bytes = parent.read(path.last(), settings.maxFileBytes());
    if (bytes.length > settings.maxFileBytes()) {
      throw tooLarge(bytes.length);
    }
    return bytes;
  }

  private static FileEntry entry(WorkspacePath path, BasicFileAttributes found) {
    return new FileEntry(path.toString(), found.size(), found.lastModifiedTime().toMillis());
  }

  private byte[] encode(String content) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(content));
      if (bytes.remaining() > settings.maxFileBytes()) {
        throw tooLarge(bytes.remaining());
      }
      byte[] encoded = new byte[bytes.remaining()];
      bytes.get(encoded);
      return encoded;
    } catch (CharacterCodingException e) {
      throw ParleyException.invalid(
          "content", "the content holds half a surrogate pair and cannot be written as UTF-8");
    }
  }

  private static String decode(WorkspacePath path, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ParleyException(
              ErrorCode.CONFLICT, "%s is not UTF-8 text and cannot be read as such".formatted(path))
          .with("field", "path");
    }
  }

  private ParleyException tooLarge(long bytes) {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "a file may hold %d bytes; this would be %d or more"
                .formatted(settings.maxFileBytes(), bytes))
        .with("limit", settings.maxFileBytes());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  private <T> T guarded(String verb, WorkspacePath path, OpenDirectory.Work<T> work) {
    try {
      return work.run();
    } catch (NoSuchFileException e) {
      throw ParleyException.notFound(path.toString()).with("field", "path");
    } catch (RefusedFileException e) {
      throw WorkspacePath.invalid(
          "cannot %s %s: %s %s".formatted(verb, path, e.getFile(), e.getReason()));
    } catch (NotDirectoryException e) {
      throw WorkspacePath.invalid(
          "cannot %s %s: %s is not a directory".formatted(verb, path, e.getFile()));
    } catch (DirectoryNotEmptyException e) {
      throw new ParleyException(
              ErrorCode.CONFLICT, "%s is not empty; delete what is in it first".formatted(path))
          .with("field", "path");
    } catch (IOException e) {
      LOG.warn("cannot {} {} in {}", verb, path, String.join("/", place), e);
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot %s %s: %s; nothing was changed".formatted(verb, path, reason(e)),
          e);
    }
  }

  private static String reason(IOException e) {
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return reason == null ? "the disk failed" : reason;
  }

  /** Collects the files below a directory and counts all it passes, so that it ends. */
  private final class Listing {
    private final List<FileEntry> found;
    private int passed;

    Listing(List<FileEntry> found) {
      this.found = found;
    }

    void visit(OpenDirectory directory, String prefix, int depth) throws IOException {
      List<String> names = new ArrayList<>();
      directory.forEach(
          name -> {
            if (++passed > settings.maxFilesListed()) {
              throw tooMany();
            }
            names.add(name);
          });
      for (String name : names) {
        if (WorkspacePath.isName(name)) {
          one(directory, prefix + name, name, depth);
        }
      }
    }

    private void one(OpenDirectory directory, String path, String name, int depth)
        throws IOException {
      BasicFileAttributes attributes = directory.stat(name);
      if (attributes == null) {
        return;
      }
      if (attributes.isRegularFile()) {
        found.add(new FileEntry(path, attributes.size(), attributes.lastModifiedTime().toMillis()));
      } else if (attributes.isDirectory() && depth + 1 < WorkspacePath.MAX_DEPTH) {
        try (OpenDirectory child = directory.child(name)) {
          visit(child, path + "/", depth + 1);
        } catch (NoSuchFileException | NotDirectoryException | RefusedFileException e) {
          LOG.debug("{} changed while it was listed", path, e);
        }
      }
    }

    private ParleyException tooMany() {
      return new ParleyException(
              ErrorCode.LIMIT_EXCEEDED,
              "more than %d files and directories; list a directory inside"
                  .formatted(settings.maxFilesListed()))
          .with("field", "path")
          .with("limit", settings.maxFilesListed());
    }
  }
}
