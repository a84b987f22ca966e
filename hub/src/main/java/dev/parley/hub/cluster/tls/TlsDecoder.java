package dev.parley.hub.cluster.tls;

import static com.hazelcast.internal.networking.HandlerStatus.CLEAN;
import static com.hazelcast.internal.networking.HandlerStatus.DIRTY;

import com.hazelcast.internal.networking.HandlerStatus;
import com.hazelcast.internal.networking.InboundHandler;
import java.io.EOFException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * Decrypts what comes from the socket. The engine wants room for a whole record, which the next
 * handler need not have, so a record is decrypted into a buffer between them.
 */
final class TlsDecoder extends InboundHandler<ByteBuffer, ByteBuffer> {
  private final TlsLink link;
  private final SSLEngine engine;
  private final ByteBuffer plain;

  TlsDecoder(TlsLink link) {
    this.link = link;
    this.engine = link.engine();
    this.plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
  }

  @Override
  public void handlerAdded() {
    initSrcBuffer(2 * engine.getSession().getPacketBufferSize());
  }

  @Override
  public HandlerStatus onRead() throws EOFException {
    src.flip();
    try {
      return link.failure() == null ? decrypt() : skip();
    } catch (SSLException refused) {
      link.fail(refused);
      return skip();
    } finally {
      src.compact();
    }
  }

  private HandlerStatus skip() {
    src.position(src.limit());
    return CLEAN;
  }

  private HandlerStatus decrypt() throws SSLException, EOFException {
    while (true) {
      if (!handOn()) {
        return DIRTY;
      }
      HandshakeStatus wish = engine.getHandshakeStatus();
      if (wish == HandshakeStatus.NEED_TASK) {
        wish = link.work();
      }
      if (wish == HandshakeStatus.NEED_WRAP) {
        link.wakeWriter();
        return CLEAN;
      }
      if (!src.hasRemaining()) {
        return CLEAN;
      }
      SSLEngineResult result = engine.unwrap(src, plain);
      if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
        link.over();
        link.wakeWriter();
      }
      switch (result.getStatus()) {
        case OK -> {}
        case BUFFER_UNDERFLOW -> {
          return CLEAN;
        }
        case CLOSED -> throw new EOFException("the other side has ended TLS");
        case BUFFER_OVERFLOW -> throw new SSLException("a record is longer than TLS permits");
      }
    }
  }

  /** Gives the next handler what it has room for; whether that was all. */
  private boolean handOn() {
    plain.flip();
    int length = Math.min(plain.remaining(), dst.remaining());
    dst.put(plain.slice(plain.position(), length));
    plain.position(plain.position() + length);
    plain.compact();
    return plain.position() == 0;
  }

  @Override
  public void interceptError(Throwable error) {
    link.report(error);
  }
}
