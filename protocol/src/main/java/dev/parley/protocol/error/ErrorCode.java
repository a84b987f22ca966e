package dev.parley.protocol.error;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The closed set of errors a client can see.
 *
 * <p>{@link #wireName()} is the stable name in REST bodies, logs and metrics. In WebSocket frames
 * the same code appears as {@code error.code} in the capitals of the OpenClaw gateway protocol
 * (whose {@code INVALID_REQUEST}, {@code FORBIDDEN} and {@code UNAVAILABLE} mean the same as here)
 * and as {@code error.details.code} by its wire name, unless a more precise detail code is set.
 */
public enum ErrorCode {
  /** The request is malformed; {@code details.field} names what is wrong. */
  INVALID_REQUEST(400, false),
  /** No valid credential. */
  UNAUTHORIZED(401, false),
  /** The money or token budget of a period is used up; {@code details} name the limit. */
  BUDGET_EXCEEDED(402, false),
  /** The credential is valid and does not permit this; also: no channel permits this call. */
  FORBIDDEN(403, false),
  /** There is no such thing, or it is none of the caller's business: the answer is the same. */
  NOT_FOUND(404, false),
  /** The state of the thing does not allow this now: it exists already, or has ended. */
  CONFLICT(409, false),
  /** The thing is not as the request says it must be; {@code details.etag} says what it is. */
  PRECONDITION_FAILED(412, false),
  /** The request is larger than {@code details.limit} bytes. */
  PAYLOAD_TOO_LARGE(413, false),
  /** More requests than the limit named in {@code details}; {@code retryAfterMs} says when. */
  RATE_LIMITED(429, true),
  /** A count has reached the limit named in {@code details}, for example agents of a tenant. */
  LIMIT_EXCEEDED(409, false),
  /** The receiver has as much unhandled mail as it may; {@code retryAfterMs} says when to retry. */
  MAILBOX_FULL(429, true),
  /** The call chain is too long or comes back to an agent already in it. */
  LOOP_DETECTED(508, false),
  /** The call was cancelled: by its caller, or because its channel or credential was revoked. */
  CANCELLED(409, false),
  /** No answer before the deadline. */
  DEADLINE_EXCEEDED(504, false),
  /** The called agent, or the model behind it, failed. */
  AGENT_FAILED(502, false),
  /** The agent exists and cannot be reached now. */
  AGENT_OFFLINE(503, true),
  /** The hub cannot do this now: starting, draining, or its store is away. */
  UNAVAILABLE(503, true),
  /** A defect of the hub; {@code details.incident} is in its log. */
  INTERNAL(500, false);

  private static final Map<String, ErrorCode> BY_WIRE_NAME =
      Stream.of(values()).collect(Collectors.toMap(ErrorCode::wireName, Function.identity()));

  private final String wireName = name().toLowerCase(Locale.ROOT);
  private final int httpStatus;
  private final boolean retryable;

  ErrorCode(int httpStatus, boolean retryable) {
    this.httpStatus = httpStatus;
    this.retryable = retryable;
  }

  /** The stable lowercase name, for example {@code not_found}. */
  public String wireName() {
    return wireName;
  }

  /** The HTTP status of the code (RFC 9110). */
  public int httpStatus() {
    return httpStatus;
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  public boolean retryable() {
    return retryable;
  }

  /** The code with this name, in either spelling; empty for a name of a later version. */
  public static Optional<ErrorCode> of(String name) {
    return Optional.ofNullable(BY_WIRE_NAME.get(name.toLowerCase(Locale.ROOT)));
  }
}
