package dev.parley.hub.gateway.ws;

import dev.parley.protocol.error.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.internal.http.WebSocketInternal;
import org.jspecify.annotations.Nullable;

/**
 * Guards the bytes below a socket's frames, where Vert.x leaves three doors open: it buffers a
 * frame of the largest size before it knows who sends it, hangs up without a close code on a frame
 * that breaks the protocol, and waits without end for a client that does not read its close frame.
 * Also gathers what one turn of the event loop writes to the socket into one system call: without
 * it each message costs one, which is more than all else that is done for a message.
 */
final class SocketGuard {
  /** Writes that are gathered at most. */
  private static final int FLUSH_AFTER = 256;

  /** Is told what is wrong with what came in; called on the socket's event loop, once. */
  interface Faults {
    void on(CloseCode code, String reason);
  }

  private final ChannelHandlerContext vertx;
  private final Faults faults;
  private @Nullable Gate gate;
  private boolean refused;

  private SocketGuard(ChannelHandlerContext vertx, Faults faults) {
    this.vertx = vertx;
    this.faults = faults;
  }

  /**
   * Guards a socket; called on its event loop.
   *
   * @param maxUnknownBytes what it may send in all before {@link #trust}
   */
  static SocketGuard on(ServerWebSocket socket, int maxUnknownBytes, Faults faults) {
    ChannelHandlerContext vertx = ((WebSocketInternal) socket).channelHandlerContext();
    SocketGuard guard = new SocketGuard(vertx, faults);
    Gate gate = guard.new Gate(maxUnknownBytes);
    guard.gate = gate;
    vertx.pipeline().addFirst(gate);
    vertx.pipeline().addBefore(vertx.name(), null, guard.new Frames());
    return guard;
  }

  /**
   * The client is known: it may send as much as it likes, frame by frame; it may be gone by now.
   */
  void trust() {
    Gate passed = gate;
    if (passed != null && !refused) {
      gate = null;
      if (!vertx.isRemoved()) {
        vertx.pipeline().remove(passed);
      }
    }
  }

  /**
   * Whether more waits to be sent than the write queue may hold. This asks the channel, which
   * counts bytes: the socket's own {@code writeQueueFull} is also true for a moment when another
   * thread has handed over a few messages that the event loop has not looked at.
   */
  boolean isFull() {
    return !vertx.channel().isWritable();
  }

  /** Hangs up now, whatever is still to be sent. */
  void hangUp() {
    vertx.close();
  }

  /** Reads on and drops it, so that the close frame is not overtaken by a reset. */
  private void refuse(CloseCode code, String reason) {
    if (!refused) {
      refused = true;
      if (gate == null) {
        gate = new Gate(0);
        vertx.pipeline().addFirst(gate);
      }
      faults.on(code, reason);
    }
  }

  /** Lets in what the client may send before it is known, and nothing after a refusal. */
  private final class Gate extends ChannelInboundHandlerAdapter {
    private final int max;
    private int left;

    Gate(int max) {
      this.max = max;
      this.left = max;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      int size = message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
      if (!refused && size <= left) {
        left -= size;
        context.fireChannelRead(message);
        return;
      }
      ReferenceCountUtil.release(message);
      refuse(CloseCode.TOO_BIG, "the first frame is larger than %d bytes".formatted(max));
    }
  }

  /** Gathers writes, and hears of faulty frames. */
  private final class Frames extends FlushConsolidationHandler {
    Frames() {
      super(FLUSH_AFTER, true);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable fault) throws Exception {
      if (!(fault instanceof CorruptedWebSocketFrameException corrupted)) {
        super.exceptionCaught(context, fault);
      } else if (corrupted.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)) {
        refuse(CloseCode.TOO_BIG, String.valueOf(fault.getMessage()));
      } else {
        refuse(CloseCode.PROTOCOL_ERROR, String.valueOf(fault.getMessage()));
      }
    }
  }
}
