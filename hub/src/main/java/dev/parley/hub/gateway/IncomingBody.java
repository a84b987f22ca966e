package dev.parley.hub.gateway;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** What an operation answers that takes a stream of bytes: where to put them. */
public interface IncomingBody {

  /** Takes a piece; the next may come when this one was answered. */
  Future<Void> write(Buffer piece);

  /**
   * All pieces came.
   *
   * @return the operation's result, or an {@link OutgoingBody}
   */
  Future<?> end();

  /** No more will come; may be called at any time, also after {@link #end}. */
  void abort();
}
