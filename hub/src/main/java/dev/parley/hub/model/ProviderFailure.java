package dev.parley.hub.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.exception.HttpException;
import dev.parley.hub.outbound.NetworkFailure;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's failure means to the caller. The provider's own words are shown, shortened,
 * unless they hold a part of the key: servers like to echo what they did not accept.
 *
 * @param worthRetrying whether the same request may succeed in a moment
 */
record ProviderFailure(ParleyException error, boolean worthRetrying) {
  private static final int LONGEST_EXPLANATION = 300;
  private static final int TELLING_PART_OF_KEY = 8;

  static ProviderFailure of(ProviderEndpoint endpoint, String model, Throwable failure) {
    String provider = endpoint.vendor().wireName();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpException refusal) {
        return ofStatus(endpoint, model, refusal);
      }
      if (cause instanceof NetworkFailure network) {
        return again(
            ErrorCode.UNAVAILABLE,
            "%s cannot be reached (%s)".formatted(provider, network.getMessage()));
      }
      if (cause instanceof ProviderExchange.Oversized) {
        return never(
            provider + " answered more than " + ProviderExchange.MOST_BODY_BYTES + " bytes");
      }
      if (cause instanceof ParleyException known) {
        return new ProviderFailure(known, false);
      }
    }
    String explanation = explanation(endpoint, String.valueOf(failure.getMessage()));
    return never("%s failed while answering%s".formatted(provider, explanation));
  }

  /** The response ended before the model had. */
  static ProviderFailure brokenOff(ProviderEndpoint endpoint) {
    return never(endpoint.vendor().wireName() + " broke off its answer");
  }

  private static ProviderFailure ofStatus(
      ProviderEndpoint endpoint, String model, HttpException refusal) {
    String provider = endpoint.vendor().wireName();
    int status = refusal.statusCode();
    String explanation = explanation(endpoint, refusal.getMessage());
    ProviderFailure failure =
        switch (status) {
          case 401, 403 ->
              never(
                  "%s refused the key (HTTP %d): set another with parley providers set %s"
                      .formatted(provider, status, provider));
          case 404 ->
              never("%s has no model %s%s".formatted(provider, shortened(model), explanation));
          case 429 ->
              again(
                  ErrorCode.RATE_LIMITED,
                  "%s takes no more requests with this key now%s".formatted(provider, explanation));
          default -> other(provider, status, explanation);
        };
    failure.error().with("status", status);
    return failure;
  }

  private static ProviderFailure other(String provider, int status, String explanation) {
    if (status == 408 || status >= 500) {
      return again(
          ErrorCode.UNAVAILABLE,
          "%s is out of order (HTTP %d)%s".formatted(provider, status, explanation));
    }
    if (status < 400) {
      return never(
          "%s answered with a redirect (HTTP %d), which is not followed: set its base URL"
              .formatted(provider, status));
    }
    return never("%s refused the request (HTTP %d)%s".formatted(provider, status, explanation));
  }

  private static ProviderFailure never(String message) {
    return new ProviderFailure(new ParleyException(ErrorCode.AGENT_FAILED, message), false);
  }

  private static ProviderFailure again(ErrorCode code, String message) {
    return new ProviderFailure(new ParleyException(code, message), true);
  }

  /** {@code ": …"}, or nothing where the provider said nothing that may be shown. */
  private static String explanation(ProviderEndpoint endpoint, @Nullable String body) {
    if (body == null || body.isBlank() || tellsKey(body, endpoint.apiKey())) {
      return "";
    }
    String said = said(body).replaceAll("\\s+", " ").strip();
    return said.isEmpty() || tellsKey(said, endpoint.apiKey()) ? "" : ": " + shortened(said);
  }

  private static String said(String body) {
    try {
      JsonNode error = Json.parse("body", body).path("error");
      JsonNode message = error.isTextual() ? error : error.path("message");
      return message.isTextual() ? message.asText() : body;
    } catch (ParleyException notJson) {
      return body;
    }
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_EXPLANATION
        ? text
        : text.substring(0, LONGEST_EXPLANATION) + "…";
  }

  private static boolean tellsKey(String text, @Nullable String key) {
    if (key == null) {
      return false;
    }
    if (key.length() <= TELLING_PART_OF_KEY) {
      return text.contains(key);
    }
    for (int i = 0; i + TELLING_PART_OF_KEY <= key.length(); i++) {
      if (text.contains(key.substring(i, i + TELLING_PART_OF_KEY))) {
        return true;
      }
    }
    return false;
  }
}
