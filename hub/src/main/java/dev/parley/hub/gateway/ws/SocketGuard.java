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
  private final Gate gate;

  private SocketGuard(ChannelHandlerContext vertx, Faults faults, int maxUnknownBytes) {
    this.vertx = vertx;
    this.faults = faults;
    this.gate = new Gate(maxUnknownBytes);
  }

  /**
   * Guards a socket; called on its event loop.
   *
   * @param maxUnknownBytes what it may send in all before {@link #trust}
   */
  static SocketGuard on(ServerWebSocket socket, int maxUnknownBytes, Faults faults) {
    ChannelHandlerContext vertx = ((WebSocketInternal) socket).channelHandlerContext();
    SocketGuard guard = new SocketGuard(vertx, faults, maxUnknownBytes);
    vertx.pipeline().addFirst(guard.gate);
    vertx.pipeline().addFirst(new FlushConsolidationHandler(FLUSH_AFTER, true));
    vertx.pipeline().addBefore(vertx.name(), null, guard.new FrameFaults());
    return guard;
  }

  /** The client is known: it may send as much as it likes, frame by frame. */
  void trust() {
    gate.left = Long.MAX_VALUE;
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
    if (gate.left >= 0) {
      gate.left = -1;
      faults.on(code, reason);
    }
  }

  private final class Gate extends ChannelInboundHandlerAdapter {
    private final int max;
    private long left;

    Gate(int max) {
      this.max = max;
      this.left = max;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      int size = message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
      if (size <= left) {
        left -= left == Long.MAX_VALUE ? 0 : size;
        context.fireChannelRead(message);
        return;
      }
      ReferenceCountUtil.release(message);
      refuse(CloseCode.TOO_BIG, "the first frame is larger than %d bytes".formatted(max));
    }
  }

  private final class FrameFaults extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable fault) {
      if (!(fault instanceof CorruptedWebSocketFrameException corrupted)) {
        context.fireExceptionCaught(fault);
      } else if (corrupted.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)) {
        refuse(CloseCode.TOO_BIG, String.valueOf(fault.getMessage()));
      } else {
        refuse(CloseCode.PROTOCOL_ERROR, String.valueOf(fault.getMessage()));
      }
    }
  }
}
