package dev.parley.hub.gateway;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Map;

/** What an operation answers that gives a stream of bytes. */
public interface OutgoingBody {

  /** HTTP status: 200, 206 for a part, 304 for nothing new. */
  int status();

  /** Names and values, Content-Length among them when it is known. */
  Map<String, String> headers();

  /** The next piece; empty at the end. Asked for one at a time. */
  Future<Buffer> next();

  /** No more is wanted; called once, whatever happened. */
  void close();
}
