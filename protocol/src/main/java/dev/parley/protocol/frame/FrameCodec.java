package dev.parley.protocol.frame;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes {@link Frame}s. Reading is one pass over the text that checks all of it and
 * copies only the head; {@code params}, {@code payload} and {@code error} become slices.
 */
public final class FrameCodec {
  /** The detail that carries the id of a request whose frame was broken after its id. */
  public static final String REQUEST_ID = "requestId";

  private static final JsonStringEncoder ESCAPER = JsonStringEncoder.getInstance();

  private FrameCodec() {}

  /**
   * Reads one frame.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}, and {@link
   *     #REQUEST_ID} when the id had been read before the fault
   */
  public static Frame parse(String text) {
    Head head = new Head();
    try (JsonParser parser = Json.FACTORY.createParser(text)) {
      head.read(parser, text);
    } catch (JsonProcessingException e) {
      throw head.blame(Json.malformed("frame", e));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return head.toFrame();
  }

  /**
   * The id of a request that is too large to be read whole; empty when it does not come before the
   * params.
   */
  public static Optional<String> headOf(String text) {
    Head head = new Head();
    String start = text.substring(0, Math.min(text.length(), 1024));
    try (JsonParser parser = Json.FACTORY.createParser(start)) {
      head.read(parser, start);
    } catch (IOException | ParleyException cutOff) {
      // What was read before the cut is in the head.
    }
    return Optional.ofNullable(head.id).filter(id -> !id.isEmpty());
  }

  /**
   * The members of a JSON object, each as the text it came as; members that are {@code null} are
   * left out.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public static Map<String, RawJson> members(RawJson object) {
    Map<String, RawJson> members = new LinkedHashMap<>();
    try (JsonParser parser = Json.FACTORY.createParser(object.text())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw ParleyException.invalid("payload", "payload must be a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        RawJson value = Json.slice(parser, object.text());
        if (value != null) {
          members.put(name, value);
        }
      }
    } catch (JsonProcessingException e) {
      throw Json.malformed("payload", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return members;
  }

  public static String request(String id, String method, RawJson params) {
    StringBuilder out = openRequest(id, method, params.text().length());
    return close(out.append(params.text()));
  }

  public static String ok(String id, RawJson payload) {
    return close(openOk(id, payload.text().length()).append(payload.text()));
  }

  /** The beginning of a request: append its params, and {@link #close} it. */
  public static StringBuilder openRequest(String id, String method, int paramsLength) {
    StringBuilder out = new StringBuilder(96 + paramsLength);
    out.append("{\"type\":\"req\",\"id\":");
    quote(out, id);
    out.append(",\"method\":");
    quote(out, method);
    return out.append(",\"params\":");
  }

  /** The beginning of a response that is ok: append its payload, and {@link #close} it. */
  public static StringBuilder openOk(String id, int payloadLength) {
    StringBuilder out = new StringBuilder(96 + payloadLength);
    out.append("{\"type\":\"res\",\"id\":");
    quote(out, id);
    return out.append(",\"ok\":true,\"payload\":");
  }

  public static String close(StringBuilder frame) {
    return frame.append('}').toString();
  }

  public static String error(String id, ParleyException error) {
    ObjectNode frame = Json.object().put("type", "res").put("id", id).put("ok", false);
    frame.set("error", toJson(error));
    return Json.write(frame);
  }

  /**
   * Writes an event.
   *
   * @param seq the count of the connection, or 0 for an event outside the count
   */
  public static String event(String event, RawJson payload, long seq) {
    StringBuilder out = new StringBuilder(64 + payload.text().length());
    out.append("{\"type\":\"event\",\"event\":");
    quote(out, event);
    out.append(",\"payload\":").append(payload.text());
    if (seq > 0) {
      out.append(",\"seq\":").append(seq);
    }
    return out.append('}').toString();
  }

  /** The error object of a response frame: {@code code, message, details, retryable, …}. */
  public static ObjectNode toJson(ParleyException error) {
    ObjectNode json = Json.object().put("code", error.code().name()).put("message", error.text());
    ObjectNode details = Json.toNode(error.details());
    if (!details.has(ParleyException.DETAIL_CODE)) {
      details.put(ParleyException.DETAIL_CODE, error.code().wireName());
    }
    json.set("details", details);
    json.put("retryable", error.code().retryable());
    if (error.retryAfterMs() >= 0) {
      json.put("retryAfterMs", error.retryAfterMs());
    }
    return json;
  }

  /** The exception that an error object stands for; a code of a later version is internal. */
  public static ParleyException toException(@Nullable RawJson error) {
    JsonNode json = error == null ? Json.object() : Json.parse("error", error.text());
    ErrorCode code = ErrorCode.of(json.path("code").asText()).orElse(ErrorCode.INTERNAL);
    ParleyException exception =
        new ParleyException(code, json.path("message").asText("no message"));
    for (Map.Entry<String, JsonNode> detail : json.path("details").properties()) {
      if (!detail.getValue().isNull()) {
        exception.with(detail.getKey(), plain(detail.getValue()));
      }
    }
    return json.hasNonNull("retryAfterMs")
        ? exception.retryAfter(json.get("retryAfterMs").asLong())
        : exception;
  }

  /** Appends {@code text} as a JSON string. */
  public static void quote(StringBuilder out, CharSequence text) {
    out.append('"');
    ESCAPER.quoteAsString(text, out);
    out.append('"');
  }

  private static Object plain(JsonNode node) {
    return Json.mapper().convertValue(node, Object.class);
  }

  /** The fields of a frame while it is read. */
  private static final class Head {
    private @Nullable String type;
    private @Nullable String id;
    private @Nullable String method;
    private @Nullable String event;
    private @Nullable String traceparent;
    private @Nullable Boolean ok;
    private @Nullable RawJson params;
    private @Nullable RawJson payload;
    private @Nullable RawJson error;
    private long seq;

    void read(JsonParser parser, String text) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw ParleyException.invalid("frame", "a frame must be a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (name) {
          case "type" -> type = string(parser, value, name);
          case "id" -> id = string(parser, value, name);
          case "method" -> method = string(parser, value, name);
          case "event" -> event = string(parser, value, name);
          case "traceparent" -> traceparent = string(parser, value, name);
          case "ok" -> ok = bool(value);
          case "seq" -> seq = integer(parser, value);
          case "params" -> params = Json.slice(parser, text);
          case "payload" -> payload = Json.slice(parser, text);
          case "error" -> error = Json.slice(parser, text);
          default -> parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw blame(ParleyException.invalid("frame", "text after the end of the frame"));
      }
    }

    Frame toFrame() {
      String kind = require("type", type);
      return switch (kind) {
        case "req" ->
            new Frame.Request(require("id", id), require("method", method), params, traceparent);
        case "res" -> {
          if (ok == null) {
            throw blame(ParleyException.invalid("ok", "ok must be a boolean"));
          }
          yield new Frame.Response(require("id", id), ok, payload, error);
        }
        case "event" -> new Frame.Event(require("event", event), payload, seq);
        default -> throw blame(ParleyException.invalid("type", "type must be req, res or event"));
      };
    }

    ParleyException blame(ParleyException fault) {
      return id == null || id.isEmpty() ? fault : fault.with(REQUEST_ID, id);
    }

    private String require(String field, @Nullable String value) {
      if (value == null || value.isEmpty()) {
        throw blame(ParleyException.invalid(field, field + " must be a non-empty string"));
      }
      return value;
    }

    private String string(JsonParser parser, JsonToken value, String field) throws IOException {
      if (value != JsonToken.VALUE_STRING) {
        throw blame(ParleyException.invalid(field, field + " must be a string"));
      }
      String text = parser.getText();
      if (text.length() > Frame.MAX_NAME_LENGTH) {
        throw blame(
            ParleyException.invalid(
                field, field + " is longer than " + Frame.MAX_NAME_LENGTH + " characters"));
      }
      return text;
    }

    private boolean bool(JsonToken value) {
      if (!value.isBoolean()) {
        throw blame(ParleyException.invalid("ok", "ok must be a boolean"));
      }
      return value == JsonToken.VALUE_TRUE;
    }

    private long integer(JsonParser parser, JsonToken value) throws IOException {
      if (value != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw blame(ParleyException.invalid("seq", "seq must be a non-negative integer"));
      }
      return parser.getLongValue();
    }
  }
}
