package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallParamsTest {
  private static final Schema SCHEMA = schema();

  @Property(tries = 2_000)
  void theHandWrittenReaderAgreesWithTheContract(@ForAll("params") String params) {
    boolean valid = SCHEMA.validate(Json.parse("params", params)).isEmpty();
    Statistics.label("valid")
        .collect(valid)
        .coverage(
            verdicts -> {
              verdicts.check(true).percentage(share -> share > 5);
              verdicts.check(false).percentage(share -> share > 5);
            });
    if (valid) {
      CallParams.parse(new RawJson(params));
    } else {
      refused(params);
    }
  }

  @Property(tries = 2_000)
  void mutatedParamsAreReadOrRefusedAndNothingElse(@ForAll("mutated") String params) {
    try {
      CallParams.parse(new RawJson(params));
    } catch (ParleyException refusal) {
      assertTrue(refusal.details().containsKey("field"));
    }
  }

  @Test
  void everyFieldIsRead() {
    CallParams params =
        CallParams.parse(
            new RawJson(
                """
                {"messageId":"m-2","parent":"m-1","stream":true,"timeoutMs":5e3,"conversation":"c/1",
                 "from":"writer","payload": { "n" : 42.0 },"to":"market:globex/quotes"}"""));
    assertEquals(ListingId.parse("globex/quotes"), params.to());
    assertEquals(new RawJson("{ \"n\" : 42.0 }"), params.payload());
    assertEquals(new AgentId("writer"), params.from());
    assertEquals("c/1", params.conversation());
    assertEquals(5000, params.timeoutMs());
    assertTrue(params.stream());
    assertEquals(new MessageId("m-1"), params.parent());
    assertEquals(new MessageId("m-2"), params.messageId());
  }

  @Test
  void onlyTheTargetIsNeeded() {
    CallParams params = CallParams.parse(new RawJson("{\"to\":\"acme/main\"}"));
    assertEquals(RawJson.NULL, params.payload());
    assertNull(params.from());
    assertNull(params.conversation());
    assertEquals(0, params.timeoutMs());
    assertEquals(
        "to",
        assertThrows(ParleyException.class, () -> CallParams.parse(null)).details().get("field"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                     | to
          []                                     | params
          {"to":7}                               | to
          {"to":"acme"}                          | to
          {"to":"acme/Main"}                     | to
          {"to":"a/b","from":"B"}                | from
          {"to":"a/b","from":null}               | from
          {"to":"a/b","conversation":"a b"}      | conversation
          {"to":"a/b","conversation":""}         | conversation
          {"to":"a/b","timeoutMs":0}             | timeoutMs
          {"to":"a/b","timeoutMs":3600001}       | timeoutMs
          {"to":"a/b","timeoutMs":1.5}           | timeoutMs
          {"to":"a/b","timeoutMs":1e999}         | timeoutMs
          {"to":"a/b","timeoutMs":1e999999999}   | timeoutMs
          {"to":"a/b","timeoutMs":1e99999999999} | timeoutMs
          {"to":"a/b","timeoutMs":99999999999999999999} | timeoutMs
          {"to":"a/b","timeoutMs":"1"}           | timeoutMs
          {"to":"a/b","stream":"true"}           | stream
          {"to":"a/b","credit":1}                | credit
          {"to":"a/b","stream":false,"credit":1} | credit
          {"to":"a/b","stream":true,"credit":0}  | credit
          {"to":"a/b","stream":true,"credit":-1} | credit
          {"to":"a/b","stream":true,"credit":65537} | credit
          {"to":"a/b","parent":".."}             | parent
          {"to":"a/b","messageId":"a/b"}         | messageId
          {"to":"a/b","text":"hello"}            | text
          {"to":"a/b","payload":{"x":1,"x":2}}   | params
          """)
  void aRefusalNamesTheField(String params, String field) {
    assertEquals(field, refused(params).details().get("field"));
  }

  private static ParleyException refused(String params) {
    ParleyException refusal =
        assertThrows(
            ParleyException.class, () -> CallParams.parse(new RawJson(params)), () -> params);
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    return refusal;
  }

  @Provide
  Arbitrary<String> mutated() {
    return JsonTexts.mutated(params());
  }

  @Provide
  Arbitrary<String> params() {
    Arbitrary<List<String>> members =
        Arbitraries.of(
                member("to", targets()),
                member("to", targets()),
                member("payload", JsonTexts.values()),
                member("from", names()),
                member("conversation", conversations()),
                member("timeoutMs", timeouts()),
                member("stream", Arbitraries.of("true", "false", "null", "0", "\"true\"")),
                member("credit", credits()),
                member("parent", ids()),
                member("messageId", ids()),
                member("unknown", Arbitraries.of("1", "null")))
            .set()
            .ofMinSize(1)
            .ofMaxSize(5)
            .flatMap(set -> Combinators.combine(List.copyOf(set)).as(list -> list));
    return members.map(
        list ->
            '{'
                + String.join(
                    ",",
                    list.stream()
                        .collect(
                            Collectors.toMap(
                                text -> text.substring(0, text.indexOf(':')), x -> x, (a, b) -> a))
                        .values())
                + '}');
  }

  private static Arbitrary<String> member(String name, Arbitrary<String> values) {
    return values.map(value -> '"' + name + "\":" + value);
  }

  private static Arbitrary<String> targets() {
    return mostly(
        Combinators.combine(Arbitraries.of("", "market:"), plainNames(), plainNames())
            .as((scheme, tenant, name) -> '"' + scheme + tenant + '/' + name + '"'),
        "\"acme\"",
        "\"Acme/main\"",
        "\"acme/\"",
        "\"/main\"",
        "\"a/b/c\"",
        "\"market:\"",
        "\"market:a\"",
        "\"a:b/c\"",
        "\"a--b/c\"",
        "\"-a/b\"",
        "\"a/b-\"",
        "\"acme/main\\n\"",
        "\"\\u0061cme/main\"",
        "\"acme/m\\u00e4in\"",
        "7",
        "null",
        "[\"a/b\"]",
        "\"\"",
        '"' + "a".repeat(41) + "/b\"",
        "\"a/" + "b".repeat(41) + '"');
  }

  private static Arbitrary<String> names() {
    return mostly(
        plainNames().map(name -> '"' + name + '"'),
        "\"\"",
        "\"A\"",
        "\"a/b\"",
        "\"a-\"",
        "\"a.b\"",
        "\"a\\n\"",
        '"' + "a".repeat(41) + '"',
        "1",
        "null",
        "{}");
  }

  private static Arbitrary<String> plainNames() {
    return Arbitraries.of("a", "acme", "a-b-c", "0", "9-x", "a".repeat(40), "a-".repeat(19) + "bc");
  }

  private static Arbitrary<String> conversations() {
    return mostly(
        Arbitraries.of("\"c\"", "\"agent:main:x/1.2_3-4\"", '"' + "c".repeat(128) + '"'),
        "\"\"",
        "\"a b\"",
        "\"é\"",
        "\"a\\n\"",
        '"' + "c".repeat(129) + '"',
        "5",
        "null");
  }

  private static Arbitrary<String> timeouts() {
    return mostly(
        Arbitraries.of("1", "3600000", "5e3", "1.0", "36.0E5", "10e-1"),
        "0",
        "-1",
        "3600001",
        "1.5",
        "1e7",
        "1e-1",
        "1e999",
        "-0",
        "\"1\"",
        "null",
        "true",
        "123456789012345678901234567890");
  }

  private static Arbitrary<String> credits() {
    return mostly(
        Arbitraries.of("1", "65536", "1.0", "6e4"), "0", "-1", "65537", "1.5", "\"1\"", "null");
  }

  private static Arbitrary<String> ids() {
    return mostly(
        Arbitraries.of("\"m\"", "\"A-b_c.9\"", "\"-\"", '"' + "m".repeat(64) + '"'),
        "\"\"",
        "\".\"",
        "\"..\"",
        "\"a/b\"",
        "\"a:b\"",
        '"' + "m".repeat(65) + '"',
        "1",
        "null");
  }

  private static Arbitrary<String> mostly(Arbitrary<String> valid, String... invalid) {
    return Arbitraries.frequencyOf(Tuple.of(5, valid), Tuple.of(1, Arbitraries.of(invalid)));
  }

  private static Schema schema() {
    Contract contract = Contract.load();
    ObjectNode schema =
        Objects.requireNonNull(contract.operation("agent.call")).params().deepCopy();
    schema.set("$defs", contract.definitions());
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(schema);
  }
}
