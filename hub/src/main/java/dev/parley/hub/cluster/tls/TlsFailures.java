package dev.parley.hub.cluster.tls;

import java.io.EOFException;
import java.io.IOException;
import javax.net.ssl.SSLException;

/** Why a handshake failed, in words for an operator. */
final class TlsFailures {
  private static final int MAX_DEPTH = 10;

  private TlsFailures() {}

  /** Whether the connection broke, which says nothing of certificates. */
  static boolean isBroken(SSLException failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
      if (cause instanceof IOException && !(cause instanceof SSLException)) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  static String reason(Throwable failure) {
    if (failure instanceof EOFException) {
      return "it hung up during the TLS handshake";
    }
    Throwable deepest = failure;
    for (int depth = 0; deepest.getCause() != null && depth < MAX_DEPTH; depth++) {
      deepest = deepest.getCause();
    }
    String said = deepest.getMessage() == null ? deepest.toString() : deepest.getMessage();
    String line = said.lines().findFirst().orElse(said);
    return failure instanceof SSLException ? "TLS: " + line : line;
  }
}
