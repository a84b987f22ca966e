package dev.parley.hub.gateway.ws;

import dev.parley.protocol.error.CloseCode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketFrame;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Puts the frames of a socket together to messages, strictly: what is no text, no UTF-8 or larger
 * than the limit is a fault, also when it comes in pieces. Used on the socket's event loop.
 */
final class MessageReader {
  private static final char REPLACEMENT = '\ufffd';

  /** Who wants the messages. */
  interface Listener {
    void onText(String text, int bytes);

    /** A ping, which has been answered, or a pong. */
    void onControl();

    void onFault(CloseCode code, String reason);
  }

  private final Listener listener;
  private int limit;
  private @Nullable Buffer pieces;
  private boolean failed;

  MessageReader(Listener listener, int limit) {
    this.listener = listener;
    this.limit = limit;
  }

  /** Sets the size of the largest message in bytes. */
  void limit(int bytes) {
    limit = bytes;
  }

  void read(WebSocketFrame frame) {
    if (failed) {
      return;
    }
    switch (frame.type()) {
      case TEXT, CONTINUATION -> append(frame.binaryData(), frame.isFinal());
      case BINARY -> fail(CloseCode.PROTOCOL_ERROR, "frames must be text frames");
      case PING, PONG -> listener.onControl();
      case CLOSE -> pieces = null;
    }
  }

  private void append(Buffer piece, boolean last) {
    long size = piece.length() + (pieces == null ? 0L : pieces.length());
    if (size > limit) {
      fail(CloseCode.TOO_BIG, tooLarge(limit));
      return;
    }
    if (!last) {
      pieces = pieces == null ? Buffer.buffer().appendBuffer(piece) : pieces.appendBuffer(piece);
      return;
    }
    Buffer message = pieces == null ? piece : pieces.appendBuffer(piece);
    pieces = null;
    String text = message.toString();
    if (text.indexOf(REPLACEMENT) >= 0 && !isUtf8(message)) {
      fail(CloseCode.INVALID_TEXT, "the text is not valid UTF-8");
      return;
    }
    listener.onText(text, message.length());
  }

  static String tooLarge(int limit) {
    return "a message may have at most %d bytes".formatted(limit);
  }

  private void fail(CloseCode code, String reason) {
    failed = true;
    pieces = null;
    listener.onFault(code, reason);
  }

  private static boolean isUtf8(Buffer text) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text.getBytes()));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
