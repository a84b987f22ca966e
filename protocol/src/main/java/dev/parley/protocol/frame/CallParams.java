package dev.parley.protocol.frame;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The params of {@code agent.call}. This is the hot path, so it is read by hand in one pass; a test
 * holds it to the schema in the contract.
 *
 * @param to whom to call
 * @param payload any JSON value; {@code null} when absent
 * @param from the own agent to call as; null for the agent of an agent connection, else the tenant
 * @param conversation null for a new one
 * @param timeoutMs how long to wait for the reply, 0 for the default
 * @param stream whether chunks are wanted
 * @param credit how many chunks the caller takes at first, 0 for whatever comes
 * @param parent the message being handled that causes this call, or null
 * @param messageId chosen by the caller, or null
 */
public record CallParams(
    Target to,
    RawJson payload,
    @Nullable AgentId from,
    @Nullable String conversation,
    long timeoutMs,
    boolean stream,
    int credit,
    @Nullable MessageId parent,
    @Nullable MessageId messageId) {
  /** The most chunks that a caller may ask for at once. */
  public static final int MAX_CREDIT = 65_536;

  private static final long MAX_TIMEOUT_MS = 3_600_000;

  /**
   * Reads params from JSON text.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public static CallParams parse(@Nullable RawJson params) {
    if (params == null) {
      throw ParleyException.invalid("to", "agent.call needs params with at least to");
    }
    Fields fields = new Fields();
    try (JsonParser parser = Json.FACTORY.createParser(params.text())) {
      fields.read(parser, params.text());
    } catch (JsonProcessingException e) {
      throw Json.malformed("params", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (fields.to == null) {
      throw ParleyException.invalid("to", "must have required property 'to'");
    }
    if (fields.credit > 0 && !fields.stream) {
      throw ParleyException.invalid("credit", "credit is for calls with stream");
    }
    return new CallParams(
        required("to", fields.to, Target::parse),
        fields.payload == null ? RawJson.NULL : fields.payload,
        named("from", fields.from, AgentId::new),
        named("conversation", fields.conversation, Envelope::requireConversation),
        fields.timeoutMs,
        fields.stream,
        fields.credit,
        named("parent", fields.parent, MessageId::new),
        named("messageId", fields.messageId, MessageId::new));
  }

  private static <T> @Nullable T named(
      String field, @Nullable String value, Function<String, T> type) {
    return value == null ? null : required(field, value, type);
  }

  private static <T> T required(String field, String value, Function<String, T> type) {
    return ParleyException.inField(field, () -> type.apply(value));
  }

  private static final class Fields {
    private @Nullable String to;
    private @Nullable RawJson payload;
    private @Nullable String from;
    private @Nullable String conversation;
    private long timeoutMs;
    private boolean stream;
    private int credit;
    private @Nullable String parent;
    private @Nullable String messageId;

    void read(JsonParser parser, String text) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw ParleyException.invalid("params", "params must be a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (name) {
          case "to" -> to = string(parser, value, name);
          case "payload" -> payload = Json.slice(parser, text);
          case "from" -> from = string(parser, value, name);
          case "conversation" -> conversation = string(parser, value, name);
          case "timeoutMs" -> timeoutMs = integer(parser, value, name, MAX_TIMEOUT_MS);
          case "credit" -> credit = (int) integer(parser, value, name, MAX_CREDIT);
          case "stream" -> stream = bool(value, name);
          case "parent" -> parent = string(parser, value, name);
          case "messageId" -> messageId = string(parser, value, name);
          default -> throw ParleyException.invalid(name, "unexpected property '" + name + "'");
        }
      }
    }

    private static String string(JsonParser parser, JsonToken value, String field)
        throws IOException {
      if (value != JsonToken.VALUE_STRING) {
        throw ParleyException.invalid(field, field + " must be a string");
      }
      return parser.getText();
    }

    private static boolean bool(JsonToken value, String field) {
      if (!value.isBoolean()) {
        throw ParleyException.invalid(field, field + " must be a boolean");
      }
      return value == JsonToken.VALUE_TRUE;
    }

    /** Reads an integer as JSON Schema understands it: {@code 5e3} is one. */
    private static long integer(JsonParser parser, JsonToken value, String field, long max)
        throws IOException {
      if (value.isNumeric()) {
        BigDecimal number = decimal(parser);
        if (number.compareTo(BigDecimal.ONE) >= 0
            && number.compareTo(BigDecimal.valueOf(max)) <= 0
            && number.stripTrailingZeros().scale() <= 0) {
          return number.longValueExact();
        }
      }
      throw ParleyException.invalid(field, field + " must be an integer from 1 to " + max);
    }

    private static BigDecimal decimal(JsonParser parser) throws IOException {
      try {
        return parser.getDecimalValue();
      } catch (NumberFormatException exponentOutOfRange) {
        return BigDecimal.ZERO;
      }
    }
  }
}
