package dev.parley.protocol.frame;

import dev.parley.protocol.envelope.RawJson;
import org.jspecify.annotations.Nullable;

/** One frame of the WebSocket protocol. */
public sealed interface Frame {
  /** The version of the wire protocol that this package writes. */
  int WIRE_VERSION = 4;

  /** The longest {@code id}, {@code method} or {@code event}, in characters. */
  int MAX_NAME_LENGTH = 128;

  /**
   * A request.
   *
   * @param id chosen by the sender, opaque, 1 to 128 characters
   * @param params null when absent
   * @param traceparent W3C Trace Context, or null
   */
  record Request(String id, String method, @Nullable RawJson params, @Nullable String traceparent)
      implements Frame {}

  /**
   * The answer to the request with the same id: a payload when {@code ok}, else an error.
   *
   * @param error the error object as it came; see {@link FrameCodec#toException}
   */
  record Response(String id, boolean ok, @Nullable RawJson payload, @Nullable RawJson error)
      implements Frame {}

  /**
   * Something that happened.
   *
   * @param seq counts the events of this connection from 1; 0 for an event outside the count
   */
  record Event(String event, @Nullable RawJson payload, long seq) implements Frame {}
}
