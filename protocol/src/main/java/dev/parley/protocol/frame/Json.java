package dev.parley.protocol.frame;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The one JSON reader and writer. It is strict where leniency has been used to smuggle: duplicate
 * keys, nesting deeper than {@value #MAX_DEPTH}, numbers longer than {@value #MAX_NUMBER_LENGTH}
 * digits and trailing text are errors.
 */
public final class Json {
  public static final int MAX_DEPTH = 64;
  public static final int MAX_NUMBER_LENGTH = 100;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxNameLength(1024)
                  .maxStringLength(64 << 20)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .build();

  private Json() {}

  /** The mapper, for records; configured as the class comment says. */
  public static ObjectMapper mapper() {
    return MAPPER;
  }

  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * Parses one JSON value.
   *
   * @throws ParleyException {@code invalid_request} that names {@code what} and the place
   */
  public static JsonNode parse(String what, String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node.isMissingNode()) {
        throw ParleyException.invalid(what, what + " is empty, expected JSON");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw malformed(what, e);
    } catch (ArithmeticException | NumberFormatException e) {
      throw ParleyException.invalid(what, what + " has a number with an exponent out of range");
    }
  }

  /**
   * Parses one JSON object.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public static ObjectNode parseObject(String what, String text) {
    if (parse(what, text) instanceof ObjectNode object) {
      return object;
    }
    throw ParleyException.invalid(what, what + " must be a JSON object");
  }

  /**
   * Reads a record from JSON that has been validated against its schema.
   *
   * @throws ParleyException {@code invalid_request} when it does not fit all the same
   */
  public static <T> T read(JsonNode node, Class<T> type) {
    try {
      return MAPPER.treeToValue(node, type);
    } catch (JsonProcessingException e) {
      if (e.getCause() instanceof ParleyException cause) {
        throw cause;
      }
      throw malformed("params", e);
    }
  }

  /** Reads a record from JSON text, as {@link #read(JsonNode, Class)}. */
  public static <T> T read(String text, Class<T> type) {
    return read(parse("params", text), type);
  }

  public static ObjectNode toNode(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Writes a tree or a record. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new ParleyException(ErrorCode.INTERNAL, "cannot write " + value.getClass(), e);
    }
  }

  /** Writes a tree or a record as a payload. */
  public static RawJson raw(Object value) {
    return new RawJson(write(value));
  }

  /** Skips the current value and returns its text; null for the literal {@code null}. */
  static @Nullable RawJson slice(JsonParser parser, String text) throws IOException {
    JsonToken value = parser.currentToken();
    if (value == JsonToken.VALUE_NULL) {
      return null;
    }
    int start = (int) parser.currentTokenLocation().getCharOffset();
    if (value.isStructStart()) {
      parser.skipChildren();
    } else {
      parser.finishToken();
    }
    int end = (int) parser.currentLocation().getCharOffset();
    return new RawJson(text.substring(start, end));
  }

  static ParleyException malformed(String what, JsonProcessingException e) {
    var place = e.getLocation();
    String where =
        place == null
            ? ""
            : " at line %d column %d".formatted(place.getLineNr(), place.getColumnNr());
    return ParleyException.invalid(what, what + " is not valid JSON" + where + ": " + reason(e));
  }

  private static String reason(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    if (message == null) {
      return "malformed";
    }
    int end = message.indexOf('\n');
    String line = end < 0 ? message : message.substring(0, end);
    return line.length() > 160 ? line.substring(0, 160) : line;
  }
}
