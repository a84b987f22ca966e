package dev.parley.hub.disk;

import java.nio.file.FileSystemException;

/** A name stands for a symbolic link or a special file; the hub opens neither. */
public final class RefusedFileException extends FileSystemException {
  private static final long serialVersionUID = 1;

  RefusedFileException(String name, String reason) {
    super(name, null, reason);
  }
}
