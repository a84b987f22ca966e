package dev.parley.hub.gateway.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The params of an operation, gathered from a request's path, query and body. */
final class RequestParams {
  /** The params that HTTP has a header for, by that. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "If-Match", "ifMatch",
          "If-None-Match", "ifNoneMatch",
          "Range", "range",
          "Content-Length", "size");

  private final Operation operation;

  RequestParams(Operation operation) {
    this.operation = operation;
  }

  /**
   * Gathers.
   *
   * @throws ParleyException {@code invalid_request}: the body is no JSON object, or a name is given
   *     in two places
   */
  ObjectNode of(RoutingContext request) {
    ObjectNode params = Json.object();
    Buffer body = operation.takesBytes() ? null : request.body().buffer();
    if (body != null && body.length() > 0) {
      params = Json.parseObject("body", utf8(body));
    }
    for (Map.Entry<String, String> pair : request.pathParams().entrySet()) {
      put(params, pair.getKey(), pair.getValue());
    }
    for (Map.Entry<String, String> pair : request.queryParams()) {
      put(params, pair.getKey(), pair.getValue());
    }
    for (Map.Entry<String, String> header : HEADERS.entrySet()) {
      putHeader(params, header.getValue(), request.request().getHeader(header.getKey()));
    }
    if (request.request().getHeader("If-Range") != null) {
      params.remove("range");
    }
    return params;
  }

  private void putHeader(ObjectNode params, String name, @Nullable String value) {
    if (value != null && operation.params().path("properties").has(name)) {
      put(params, name, value);
    }
  }

  private void put(ObjectNode params, String name, String value) {
    if (params.has(name)) {
      throw ParleyException.invalid(name, name + " is given in two places");
    }
    JsonNode type = operation.params().path("properties").path(name).path("type");
    switch (type.asText()) {
      case "integer" -> params.put(name, integer(name, value));
      case "boolean" -> params.put(name, bool(name, value));
      default -> params.put(name, value);
    }
  }

  private static long integer(String name, String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw ParleyException.invalid(name, name + " must be an integer");
    }
  }

  private static boolean bool(String name, String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw ParleyException.invalid(name, name + " must be true or false");
    };
  }

  private static String utf8(Buffer body) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(body.getBytes()))
          .toString();
    } catch (CharacterCodingException e) {
      throw ParleyException.invalid("body", "the body is not valid UTF-8");
    }
  }
}
