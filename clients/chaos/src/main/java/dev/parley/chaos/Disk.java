package dev.parley.chaos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A small file system for the data directory that the nodes share, which can be filled. */
final class Disk implements AutoCloseable {
  private static final int MEBIBYTES = 64;
  private static final int LARGEST = 1 << 16;

  private final Path data;
  private final Path filler;

  private Disk(Path data) {
    this.data = data;
    this.filler = data.resolve("filler");
  }

  /** Why there can be none; null when there can. */
  static @Nullable String lacking() {
    return Command.hasNamespaces() ? null : "it needs root, to mount a small file system";
  }

  static Disk mount(Path data) throws IOException, InterruptedException {
    Files.createDirectories(data);
    Command.run(
        "",
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=%dm".formatted(MEBIBYTES),
        "tmpfs",
        data.toString());
    return new Disk(data);
  }

  /** Leaves not a byte. */
  void fill() throws IOException {
    try (FileChannel file =
        FileChannel.open(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      int size = LARGEST;
      while (size > 0) {
        try {
          file.write(ByteBuffer.allocate(size));
        } catch (IOException full) {
          size /= 2;
        }
      }
    }
  }

  void free() throws IOException {
    Files.deleteIfExists(filler);
  }

  @Override
  public void close() throws IOException {
    try {
      Command.run("", "umount", "--lazy", data.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted; %s is still mounted".formatted(data), e);
    }
  }
}
