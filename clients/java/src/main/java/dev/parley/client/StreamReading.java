package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The reader's side of a streamed call. It has credit for a window of chunks beyond those that were
 * handled; each half of a window it gives more and confirms what it has handled, which the hub then
 * forgets. After a reconnect it says where to go on, and passes over what it has handled already.
 * Thread-safe.
 */
final class StreamReading {
  private final String messageId;
  private final int window;
  private final Consumer<JsonNode> onChunk;
  private long handled;
  private long granted;

  StreamReading(String messageId, int window, Consumer<JsonNode> onChunk) {
    this.messageId = messageId;
    this.window = window;
    this.onChunk = onChunk;
    this.granted = window;
  }

  /**
   * Takes the payload of an {@code agent.chunk}.
   *
   * @param grants sends the params of a {@code stream.credit}; called outside of any lock
   * @throws ParleyException {@code unavailable} when chunks before it are missing
   */
  void take(RawJson event, Consumer<RawJson> grants) {
    JsonNode chunk = Json.parse("chunk", event.text());
    long index = chunk.path("index").asLong();
    synchronized (this) {
      if (index < handled) {
        return;
      }
      if (index > handled) {
        throw new ParleyException(
                ErrorCode.UNAVAILABLE,
                "chunk %d was lost, chunk %d came; call again".formatted(handled, index))
            .with("expected", handled)
            .with("received", index);
      }
    }
    try {
      onChunk.accept(chunk.path("payload"));
    } finally {
      RawJson more = handledOne();
      if (more != null) {
        grants.accept(more);
      }
    }
  }

  /** The params of {@code stream.resume}. */
  synchronized RawJson resumeParams() {
    granted = handled + window;
    return params(window);
  }

  private synchronized @Nullable RawJson handledOne() {
    handled++;
    long more = handled + window - granted;
    if (more < Math.max(1, window / 2)) {
      return null;
    }
    granted += more;
    return params(more);
  }

  private RawJson params(long credit) {
    return Json.raw(
        Json.object().put("messageId", messageId).put("credit", credit).put("next", handled));
  }
}
