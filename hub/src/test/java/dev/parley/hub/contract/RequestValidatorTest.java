package dev.parley.hub.contract;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestValidatorTest {
  private static final Contract CONTRACT = Contract.load();
  private static final RequestValidator VALIDATOR = new RequestValidator(CONTRACT);

  static Stream<Operation> operations() {
    return CONTRACT.operations().values().stream();
  }

  @ParameterizedTest
  @MethodSource("operations")
  void theSmallestParamsOfEveryOperationAreAccepted(Operation operation) {
    VALIDATOR.validate(operation.name(), smallest(operation.params()));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyRequiredPropertyOfEveryOperationIsMissed(Operation operation) {
    for (JsonNode required : resolved(operation.params()).path("required")) {
      ObjectNode params = (ObjectNode) smallest(operation.params());
      params.remove(required.asText());
      ParleyException refusal = refusal(operation.name(), params);
      assertEquals(required.asText(), refusal.details().get("field"));
      assertEquals("required", refusal.details().get("reason"));
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyPropertyOfEveryOperationHasItsType(Operation operation) {
    resolved(operation.params())
        .path("properties")
        .properties()
        .forEach(
            property -> {
              if (resolved(property.getValue()).has("type")) {
                ObjectNode params = (ObjectNode) smallest(operation.params());
                params.set(property.getKey(), ofAnotherType(resolved(property.getValue())));
                ParleyException refusal = refusal(operation.name(), params);
                assertEquals(property.getKey(), refusal.details().get("field"));
                assertEquals("type", refusal.details().get("reason"));
              }
            });
  }

  @ParameterizedTest
  @MethodSource("operations")
  void unknownPropertiesAreRefusedUnlessTheyMayComeFromANewerOpenClawClient(Operation operation) {
    ObjectNode params = (ObjectNode) smallest(operation.params());
    params.put("foo", 1);
    if (operation.origin().equals("openclaw")) {
      VALIDATOR.validate(operation.name(), params);
    } else {
      ParleyException refusal = refusal(operation.name(), params);
      assertEquals("foo", refusal.details().get("field"));
      assertEquals("additionalProperties", refusal.details().get("reason"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          chat.send       | {"sessionKey":"a","idempotencyKey":"b"} | message  | required  | must have required property 'message'
          tenant.get      | {"foo":1}                               | foo      | additionalProperties | at root: unexpected property 'foo'
          tenant.get      | []                                      | params   | type      | at root: must be object
          tenant.get      | "secret"                                | params   | type      | at root: must be object
          chat.history    | {"sessionKey":"a","limit":1001}         | limit    | maximum   | at /limit: must be <= 1000
          chat.history    | {"sessionKey":"a","limit":0}            | limit    | minimum   | at /limit: must be >= 1
          chat.history    | {"sessionKey":"a","limit":"7"}          | limit    | type      | at /limit: must be integer
          chat.history    | {"sessionKey":"a","limit":1.5}          | limit    | type      | at /limit: must be integer
          chat.history    | {"sessionKey":""}                       | sessionKey | minLength | at /sessionKey: must NOT have fewer than 1 characters
          keys.revoke     | {"id":"01234567890123456789012345678901234567890"} | id | maxLength | at /id: must NOT have more than 40 characters
          keys.create     | {"role":"god"}                          | role     | enum      | at /role: must be one of owner, member, viewer, agent, admin, billing, auditor
          signup          | {"tenant":"Acme"}                       | tenant   | pattern   | at /tenant: must match pattern "^[a-z0-9]+(-[a-z0-9]+)*$"
          signup          | {"tenant":"acme\\n"}                    | tenant   | pattern   | at /tenant: must match pattern "^[a-z0-9]+(-[a-z0-9]+)*$"
          usage.get       | {"from":"2026-1-001"}                   | from     | pattern   | at /from: must match pattern "^\\d{4}-\\d{2}-\\d{2}$"
          sessions.patch  | {"key":"a","label":7}                   | label    | type      | at /label: must be string, null
          sessions.preview| {"keys":[]}                             | keys     | minItems  | at /keys: must NOT have fewer than 1 items
          sessions.preview| {"keys":["a",7]}                        | keys     | type      | at /keys/1: must be string
          agents.create   | {"name":"a","skills":[{"name":"b","x":1}]} | x     | additionalProperties | at /skills/0: unexpected property 'x'
          market.install  | {"listing":"a/b","maxPrice":{"unit":"call"}} | millicents | required | at /maxPrice: must have required property 'millicents'
          """)
  void aRefusalNamesTheFieldTheReasonAndThePlace(
      String operation, String params, String field, String reason, String text) {
    ParleyException refusal = refusal(operation, Json.parse("params", params));
    assertAll(
        () -> assertEquals("invalid " + operation + " params: " + text, refusal.text()),
        () -> assertEquals(field, refusal.details().get("field")),
        () -> assertEquals(reason, refusal.details().get("reason")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999", "1e99999", "-1e999", "1e30", "9223372036854775808"})
  void anIntegerThatNoLongCanHoldIsRefused(String number) {
    JsonNode params = Json.parse("params", "{\"offset\":" + number + "}");
    assertEquals("offset", refusal("market.search", params).details().get("field"));
    params = Json.parse("params", "{\"sessionKey\":\"a\",\"offset\":" + number + "}");
    assertEquals("offset", refusal("chat.history", params).details().get("field"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "7.0", "7e0", "0.7e1", "700e-2"})
  void anIntegerMayBeWrittenInAnyWayThatJsonAllows(String number) {
    VALIDATOR.validate("market.search", Json.parse("params", "{\"offset\":" + number + "}"));
  }

  @Test
  void missingParamsAreAnEmptyObject() {
    VALIDATOR.validate("health", null);
    VALIDATOR.validate("tenant.get", Json.parse("params", "null"));
    VALIDATOR.validate("tenant.get", MissingNode.getInstance());
    assertEquals("sessionKey", refusal("chat.send", null).details().get("field"));
  }

  @Test
  void anUnknownOperationIsRefused() {
    ParleyException refusal = refusal("chat.sendd", Json.object());
    assertEquals("method", refusal.details().get("field"));
    assertEquals("unknown method: chat.sendd", refusal.text());
  }

  @Test
  void aRefusalRepeatsNoValueAndNoUnprintableName() {
    String secret = "parley_sk_0123456789";
    ObjectNode params = Json.object().put("tenant", secret);
    assertFalse(refusal("signup", params).text().contains(secret));
    String hostile = "x\n\u001b[31m\u202e" + "y".repeat(10_000);
    ParleyException refusal = refusal("signup", Json.object().put("tenant", "a").put(hostile, 1));
    assertTrue(refusal.text().chars().allMatch(c -> c >= ' ' && c < 127), refusal.text());
    assertTrue(refusal.text().length() < 200, refusal.text());
  }

  @Test
  void aHugeValueCostsNoMoreThanItsLength() {
    ObjectNode megabytes = Json.object().put("tenant", "a-".repeat(4 << 20));
    ObjectNode faults = Json.object().put("sessionKey", "a").put("message", "b");
    faults.put("idempotencyKey", "c");
    IntStream.range(0, 1_000_000).forEach(faults.putArray("attachments")::add);
    Assertions.assertTimeout(
        Duration.ofSeconds(10),
        () -> {
          assertEquals("maxLength", refusal("signup", megabytes).details().get("reason"));
          assertEquals("attachments", refusal("chat.send", faults).details().get("field"));
        });
  }

  @Test
  void aPatternIsMatchedAsAWholeAndNeverOnUnboundedInput() {
    AnchoredPattern name = new AnchoredPattern("^[a-z0-9]+(-[a-z0-9]+)*$");
    assertTrue(name.matches("a-b"));
    assertFalse(name.matches("a-b\n"));
    assertFalse(name.matches("xx a-b"));
    assertFalse(name.matches("a-".repeat(1 << 20) + "b"));
    assertThrows(IllegalStateException.class, () -> new AnchoredPattern("[a-z]+"));
  }

  @Test
  void manyThreadsValidateAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Callable<Void> work =
          () -> {
            for (int i = 0; i < 200; i++) {
              VALIDATOR.validate("signup", Json.object().put("tenant", "acme"));
              assertEquals(
                  "tenant",
                  refusal("signup", Json.object().put("tenant", "Acme")).details().get("field"));
            }
            return null;
          };
      for (Future<Void> done : threads.invokeAll(List.of(work, work, work, work))) {
        assertDoesNotThrow(() -> done.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static ParleyException refusal(String operation, JsonNode params) {
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> VALIDATOR.validate(operation, params));
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    return refusal;
  }

  private static JsonNode resolved(JsonNode schema) {
    String ref = schema.path("$ref").asText("");
    return ref.isEmpty() ? schema : resolved(CONTRACT.definitions().at(ref.substring(7)));
  }

  /** The smallest value that a schema of the contract accepts. */
  private static JsonNode smallest(JsonNode reference) {
    JsonNode schema = resolved(reference);
    if (schema.has("enum")) {
      return schema.get("enum").get(0);
    }
    return switch (schema.path("type").asText("object")) {
      case "string" -> Json.object().textNode(text(schema));
      case "integer" -> Json.object().numberNode(schema.path("minimum").asInt());
      case "boolean" -> Json.object().booleanNode(true);
      case "array" -> {
        var array = Json.object().arrayNode();
        for (int i = 0; i < schema.path("minItems").asInt(); i++) {
          array.add(smallest(schema.get("items")));
        }
        yield array;
      }
      default -> {
        ObjectNode object = Json.object();
        for (JsonNode name : schema.path("required")) {
          object.set(name.asText(), smallest(schema.path("properties").path(name.asText())));
        }
        yield object;
      }
    };
  }

  private static String text(JsonNode schema) {
    String pattern = schema.path("pattern").asText("");
    String sample = pattern.contains("/") ? "a/b" : pattern.contains("\\d") ? "1.0.0" : "";
    int missing = schema.path("minLength").asInt() - sample.length();
    return missing > 0 ? sample + "a".repeat(missing) : sample;
  }

  private static JsonNode ofAnotherType(JsonNode schema) {
    return schema.path("type").asText().equals("object")
        ? Json.object().textNode("x")
        : Json.object().putObject("x");
  }
}
