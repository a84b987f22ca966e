package dev.parley.hub.outbound;

import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.http.HttpClosedException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;

/** The network failed: no address, no connection, or one that broke. The message is for people. */
public final class NetworkFailure extends RuntimeException {
  /** Whether another address of the same name may answer. */
  private final boolean unreached;

  public NetworkFailure(Throwable cause) {
    super(words(cause), null, false, false);
    this.unreached = cause instanceof ConnectException;
  }

  boolean unreached() {
    return unreached;
  }

  private static String words(Throwable cause) {
    if (cause instanceof NetworkFailure known) {
      return String.valueOf(known.getMessage());
    }
    if (cause instanceof UnknownHostException) {
      return "unknown host";
    }
    if (cause instanceof ConnectTimeoutException) {
      return "no connection in time";
    }
    if (cause instanceof ConnectException) {
      return "connection refused";
    }
    if (cause instanceof SSLException) {
      return "no secure connection";
    }
    return cause instanceof HttpClosedException
        ? "connection closed"
        : cause.getClass().getSimpleName();
  }
}
