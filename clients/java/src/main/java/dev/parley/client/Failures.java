package dev.parley.client;

import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The failures that arise on this side of the wire. */
public final class Failures {
  /** {@code details.code} of an {@code unavailable} that no hub answered. */
  public static final String UNREACHABLE = "hub_unreachable";

  /** {@code details.code} of a request that was under way when its socket was lost. */
  public static final String CONNECTION_LOST = "connection_lost";

  private Failures() {}

  /** Whether {@code failure} means that no hub was reached, rather than that one refused. */
  public static boolean isUnreachable(Throwable failure) {
    return unwrap(failure) instanceof ParleyException known
        && UNREACHABLE.equals(known.details().get(ParleyException.DETAIL_CODE));
  }

  /** The failure behind the wrappers that futures put around it. */
  public static Throwable unwrap(Throwable failure) {
    Throwable inner = failure;
    while ((inner instanceof CompletionException || inner instanceof ExecutionException)
        && inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner;
  }

  static ParleyException unreachable(HubUrl url, String what, @Nullable Throwable cause) {
    String why = cause == null ? what : reason(unwrap(cause));
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "cannot reach the hub at %s%s%s".formatted(url, why.isEmpty() ? "" : ": ", why))
        .with(ParleyException.DETAIL_CODE, UNREACHABLE)
        .with("url", url.toString());
  }

  static ParleyException lost(String method) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "the connection was lost before %s was answered; it may have been done or not"
                .formatted(method))
        .with(ParleyException.DETAIL_CODE, CONNECTION_LOST)
        .with("method", method);
  }

  static ParleyException notConnected() {
    return new ParleyException(ErrorCode.UNAVAILABLE, "not connected to the hub at this moment")
        .with(ParleyException.DETAIL_CODE, CONNECTION_LOST)
        .retryAfter(1_000);
  }

  static ParleyException closed() {
    return new ParleyException(ErrorCode.CANCELLED, "this client was closed");
  }

  static ParleyException closedByHub(int code, String reason) {
    return new ParleyException(
            code == CloseCode.POLICY_VIOLATION.code()
                ? ErrorCode.FORBIDDEN
                : ErrorCode.INVALID_REQUEST,
            "the hub closed the connection for good (%d): %s"
                .formatted(code, reason.isEmpty() ? "no reason given" : reason))
        .with("closeCode", code);
  }

  static ParleyException timedOut(String method, long millis) {
    return new ParleyException(
            ErrorCode.DEADLINE_EXCEEDED, "no answer to %s within %d ms".formatted(method, millis))
        .with("method", method);
  }

  static ParleyException queueFull(String limit, long max) {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "this client has %d %s waiting to be sent; wait for some to finish"
                .formatted(max, limit))
        .with("limit", "client_" + limit)
        .with("owner", "this client")
        .with("max", max)
        .retryAfter(100);
  }

  static ParleyException tooLarge(long size, long limit) {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "the frame has %d bytes; this hub reads %d (policy.maxPayload)".formatted(size, limit))
        .with("field", "payload")
        .with("limit", limit)
        .with("size", size);
  }

  static ParleyException answerTooLarge(long limit) {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "the answer is larger than the %d bytes that this client reads".formatted(limit))
        .with("limit", limit);
  }

  /** Any failure as one that can be told. */
  static ParleyException of(Throwable failure) {
    Throwable inner = unwrap(failure);
    return inner instanceof ParleyException known
        ? known
        : new ParleyException(ErrorCode.INTERNAL, reason(inner), inner);
  }

  private static String reason(Throwable failure) {
    Throwable deepest = failure;
    while (deepest.getMessage() == null && deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    String message = deepest.getMessage();
    return message == null ? words(deepest.getClass().getSimpleName()) : message;
  }

  private static String words(String exceptionName) {
    return exceptionName
        .replaceFirst("(Exception|Error)$", "")
        .replaceAll("([a-z])([A-Z])", "$1 $2")
        .toLowerCase(java.util.Locale.ROOT);
  }
}
