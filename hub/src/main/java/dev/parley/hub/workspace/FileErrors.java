package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.RefusedFileException;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns each {@link IOException} into an error that a client understands. */
final class FileErrors {
  private static final Logger LOG = LoggerFactory.getLogger(FileErrors.class);

  private FileErrors() {}

  /**
   * Runs work on a path.
   *
   * @param verb what it does, for the message: read, write, delete
   */
  static <T> T guarded(String verb, WorkspacePath path, OpenDirectory.Work<T> work) {
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
      throw notEmpty(path);
    } catch (IOException e) {
      LOG.warn("cannot {} {}", verb, path, e);
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot %s %s: %s; nothing was changed".formatted(verb, path, reason(e)),
          e);
    }
  }

  static ParleyException notEmpty(WorkspacePath path) {
    return new ParleyException(
            ErrorCode.CONFLICT,
            "%s is not empty; delete what is in it first, or all with recursive".formatted(path))
        .with("field", "path");
  }

  static ParleyException tooLarge(long limit, long bytes) {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "a file may hold %d bytes here; this would be %d or more".formatted(limit, bytes))
        .with("limit", limit);
  }

  private static String reason(IOException e) {
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return reason == null ? "the disk failed" : reason;
  }
}
