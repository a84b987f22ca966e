package dev.parley.protocol.error;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one exception of Parley: an {@link ErrorCode}, a message that says what happened, with which
 * value, and what to do, and details for programs.
 *
 * <p>It carries no stack trace unless it wraps a cause: a refusal is an ordinary outcome, made many
 * thousand times a second under attack.
 */
public final class ParleyException extends RuntimeException {
  /** The detail that holds a code more precise than the {@link ErrorCode}. */
  public static final String DETAIL_CODE = "code";

  private final ErrorCode code;
  private final Map<String, Object> details = new LinkedHashMap<>();
  private long retryAfterMs = -1;

  public ParleyException(ErrorCode code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  public ParleyException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause, false, cause != null);
    this.code = code;
  }

  /**
   * What {@code reader} reads from a field of a request.
   *
   * @throws ParleyException the reader's refusal, naming the field
   */
  public static <T> T inField(String field, Supplier<T> reader) {
    try {
      return reader.get();
    } catch (ParleyException e) {
      throw e.with("field", field);
    }
  }

  /** The one answer for what does not exist and for what is somebody else's. */
  public static ParleyException notFound(String what) {
    return new ParleyException(ErrorCode.NOT_FOUND, what + " not found");
  }

  public static ParleyException invalid(String field, String message) {
    return new ParleyException(ErrorCode.INVALID_REQUEST, message).with("field", field);
  }

  /**
   * Adds a detail for programs.
   *
   * @param value a string, number, boolean, or a list or map of them
   */
  public ParleyException with(String key, Object value) {
    details.put(key, value);
    return this;
  }

  /**
   * Says when trying again makes sense.
   *
   * @param millis milliseconds from now, at least 0
   */
  public ParleyException retryAfter(long millis) {
    retryAfterMs = Math.max(0, millis);
    return this;
  }

  public ErrorCode code() {
    return code;
  }

  public Map<String, Object> details() {
    return Collections.unmodifiableMap(details);
  }

  /** Milliseconds until trying again makes sense; negative when unknown. */
  public long retryAfterMs() {
    return retryAfterMs;
  }

  /** The message, never null. */
  public String text() {
    String message = getMessage();
    return message == null ? code.wireName() : message;
  }
}
