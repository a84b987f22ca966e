package dev.parley.hub.cluster.tls;

import java.io.EOFException;
import javax.net.ssl.SSLException;

/** Why a handshake failed, in words for an operator. */
final class TlsFailures {
  private TlsFailures() {}

  static String reason(Throwable failure) {
    if (failure instanceof EOFException) {
      return "it hung up during the TLS handshake";
    }
    Throwable deepest = failure;
    for (int depth = 0; deepest.getCause() != null && depth < 10; depth++) {
      deepest = deepest.getCause();
    }
    String said = deepest.getMessage() == null ? deepest.toString() : deepest.getMessage();
    String line = said.lines().findFirst().orElse(said);
    return failure instanceof SSLException ? "TLS: " + line : line;
  }
}
