package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * A file that is being written, beside its workspace until it is whole. Pieces must come one at a
 * time: the next when the one before has been answered. Ends with {@link #commit} or {@link
 * #abort}.
 *
 * @param <R> what it comes to
 */
public final class FileUpload<R> {

  /**
   * What an upload may be.
   *
   * @param bytes at most
   * @param beyond the refusal of more
   */
  record Bound(long bytes, Function<Long, ParleyException> beyond) {}

  private final String staged;
  private final FileChannel file;
  private final Bound bound;
  private final Staging staging;
  private final DiskWorkers workers;
  private final Function<FileUpload<R>, Future<R>> commit;
  private final Runnable onEnded;
  private final MessageDigest digest = FileBytes.sha256();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile long received;
  private volatile String tag = "";

  FileUpload(
      String staged,
      FileChannel file,
      Bound bound,
      Staging staging,
      DiskWorkers workers,
      Function<FileUpload<R>, Future<R>> commit,
      Runnable onEnded) {
    this.staged = staged;
    this.file = file;
    this.bound = bound;
    this.staging = staging;
    this.workers = workers;
    this.commit = commit;
    this.onEnded = onEnded;
  }

  String staged() {
    return staged;
  }

  long received() {
    return received;
  }

  String tag() {
    return tag;
  }

  /** Takes a piece; fails with {@code payload_too_large} or {@code limit_exceeded}. */
  public Future<Void> write(Buffer piece) {
    long whole = received + piece.length();
    if (whole > bound.bytes) {
      return Future.failedFuture(bound.beyond.apply(whole));
    }
    received = whole;
    return workers
        .run(
            () -> {
              ByteBuffer bytes = ByteBuffer.wrap(piece.getBytes());
              digest.update(bytes.duplicate());
              try {
                while (bytes.hasRemaining()) {
                  file.write(bytes);
                }
              } catch (IOException e) {
                throw failed(e);
              }
              return whole;
            })
        .mapEmpty();
  }

  /** Puts the file in its place. Fails as a write does; then nothing was changed. */
  public Future<R> commit() {
    return workers
        .run(
            () -> {
              try (file) {
                file.force(true);
              } catch (IOException e) {
                throw failed(e);
              }
              tag = FileBytes.tag(digest);
              return tag;
            })
        .compose(ready -> commit.apply(this))
        .eventually(this::abort);
  }

  /** Gives up what was received, if it was not committed. */
  public Future<Void> abort() {
    if (!ended.compareAndSet(false, true)) {
      return Future.succeededFuture();
    }
    return workers
        .run(
            () -> {
              try (file) {
                staging.discard(staged);
              }
              return staged;
            })
        .<Void>mapEmpty()
        .onComplete(done -> onEnded.run());
  }

  private static ParleyException failed(IOException e) {
    return new ParleyException(
        ErrorCode.UNAVAILABLE, "the file could not be stored; nothing was changed", e);
  }
}
