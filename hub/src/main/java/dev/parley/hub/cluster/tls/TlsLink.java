package dev.parley.hub.cluster.tls;

import com.hazelcast.internal.networking.Channel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What the two directions of a connection share. They run on different threads, and in the
 * handshake each waits for the other: who cannot go on wakes the other and returns.
 */
final class TlsLink {
  private final Channel channel;
  private final SSLEngine engine;
  private final Consumer<Throwable> whenRefused;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable SSLException failure;
  private volatile Runnable whenOver = () -> {};

  /**
   * A link without a handshake yet.
   *
   * @param whenRefused is told why it never came about
   */
  TlsLink(Channel channel, SSLEngine engine, Consumer<Throwable> whenRefused) {
    this.channel = channel;
    this.engine = engine;
    this.whenRefused = whenRefused;
  }

  SSLEngine engine() {
    return engine;
  }

  /** Is run once, when the handshake has succeeded or the connection is closed. */
  void whenOver(Runnable action) {
    whenOver = action;
  }

  boolean isOver() {
    return over.get();
  }

  /** The handshake is done, or the connection gone. */
  void over() {
    if (over.compareAndSet(false, true)) {
      whenOver.run();
    }
  }

  /** Why the connection is to end once the other side has been told. */
  @Nullable SSLException failure() {
    return failure;
  }

  void fail(SSLException why) {
    if (failure == null) {
      failure = why;
      wakeWriter();
    }
  }

  /** Tells of a connection that was never established. */
  void report(Throwable why) {
    if (over.compareAndSet(false, true)) {
      whenOver.run();
      SSLException first = failure;
      whenRefused.accept(first == null ? why : first);
    }
  }

  void wakeWriter() {
    channel.outboundPipeline().wakeup();
  }

  void wakeReader() {
    channel.inboundPipeline().wakeup();
  }

  /** Does the engine's work that takes longer; answers what it wants then. */
  HandshakeStatus work() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
    return engine.getHandshakeStatus();
  }
}
