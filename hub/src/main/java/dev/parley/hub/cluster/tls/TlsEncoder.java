package dev.parley.hub.cluster.tls;

import static com.hazelcast.internal.networking.HandlerStatus.BLOCKED;
import static com.hazelcast.internal.networking.HandlerStatus.CLEAN;
import static com.hazelcast.internal.networking.HandlerStatus.DIRTY;

import com.hazelcast.internal.networking.HandlerStatus;
import com.hazelcast.internal.networking.OutboundHandler;
import java.io.EOFException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts what goes to the socket. Until the handshake is done nothing of it goes; a refusal is
 * sent as an alert before the connection is closed, so that the other side can say why.
 */
final class TlsEncoder extends OutboundHandler<ByteBuffer, ByteBuffer> {
  private static final Logger LOG = LoggerFactory.getLogger(TlsEncoder.class);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final TlsLink link;
  private final SSLEngine engine;
  private boolean isAlertMade;

  TlsEncoder(TlsLink link) {
    this.link = link;
    this.engine = link.engine();
  }

  @Override
  public void handlerAdded() {
    initDstBuffer(2 * engine.getSession().getPacketBufferSize());
    try {
      engine.beginHandshake();
    } catch (SSLException e) {
      link.fail(e);
    }
  }

  @Override
  public HandlerStatus onWrite() throws EOFException {
    dst.compact();
    try {
      return link.failure() == null ? encrypt() : refuse();
    } catch (SSLException refused) {
      link.fail(refused);
      return refuse();
    } finally {
      dst.flip();
    }
  }

  private HandlerStatus encrypt() throws SSLException, EOFException {
    while (true) {
      HandshakeStatus wish = engine.getHandshakeStatus();
      switch (wish) {
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NEED_TASK -> {
          link.wakeReader();
          return BLOCKED;
        }
        case NOT_HANDSHAKING, FINISHED -> {
          if (!src.hasRemaining()) {
            return CLEAN;
          }
        }
        case NEED_WRAP -> {}
      }
      SSLEngineResult result = engine.wrap(src, dst);
      if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
        link.over();
      }
      if (wish == HandshakeStatus.NEED_WRAP) {
        link.wakeReader();
      }
      switch (result.getStatus()) {
        case OK -> {}
        case BUFFER_OVERFLOW -> {
          return DIRTY;
        }
        case CLOSED -> throw new EOFException("the other side has ended TLS");
        case BUFFER_UNDERFLOW -> throw new SSLException("wrapping cannot want for bytes");
      }
    }
  }

  /** Ends as a connection that the other side has closed: the reason is told by the link. */
  private HandlerStatus refuse() throws EOFException {
    if (!isAlertMade) {
      isAlertMade = true;
      makeAlert();
    }
    if (dst.position() > 0) {
      return DIRTY;
    }
    throw new EOFException("TLS was refused");
  }

  private void makeAlert() {
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        if (engine.wrap(NOTHING, dst).bytesProduced() == 0) {
          return;
        }
      }
    } catch (SSLException e) {
      LOG.debug("there is no alert to be sent", e);
    }
  }

  @Override
  public void interceptError(Throwable error) {
    link.report(error);
  }
}
