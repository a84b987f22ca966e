package dev.parley.protocol.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds docs/protocol.md to the code: its tables are complete, its examples are real frames. */
class ProtocolPageTest {
  private static final Path PAGE = Path.of("..", "docs", "protocol.md");
  private static final Pattern EXAMPLE = Pattern.compile("```frames\n(.*?)```", Pattern.DOTALL);
  private static final ObjectNode BUNDLE = new ContractDocuments(Contract.load()).jsonSchema();

  @ParameterizedTest
  @EnumSource
  void everyErrorCodeIsInTheTable(ErrorCode code) {
    String row =
        "| `%s` | %d | %s |"
            .formatted(code.wireName(), code.httpStatus(), code.retryable() ? "yes" : "no");
    assertTrue(page().contains(row), () -> "docs/protocol.md has no row " + row);
  }

  @ParameterizedTest
  @EnumSource
  void everyCloseCodeIsInTheTable(CloseCode code) {
    String row = "\\| %d \\| .* \\| %s \\|".formatted(code.code(), code.reconnect() ? "yes" : "no");
    assertTrue(Pattern.compile(row).matcher(page()).find(), () -> "docs/protocol.md: no " + code);
  }

  static Stream<String> examples() {
    return EXAMPLE.matcher(page()).results().map(match -> match.group(1));
  }

  @ParameterizedTest
  @MethodSource("examples")
  void everyExampleIsWhatTheSchemasSay(String example) {
    Map<String, String> methods = new HashMap<>();
    for (String text : frames(example)) {
      Frame frame = FrameCodec.parse(text);
      if (frame instanceof Frame.Request request) {
        methods.put(request.id(), request.method());
        conforms("RequestFrame", new RawJson(text));
        conforms(request.method() + ".params", request.params());
      } else if (frame instanceof Frame.Response response) {
        conforms("ResponseFrame", new RawJson(text));
        if (response.ok()) {
          conforms(methods.get(response.id()) + ".result", response.payload());
        }
      } else if (frame instanceof Frame.Event event) {
        conforms("EventFrame", new RawJson(text));
        conforms(event.event() + ".payload", event.payload());
      }
    }
  }

  @Test
  void thereAreExamples() {
    assertTrue(examples().count() >= 4);
  }

  private static List<String> frames(String example) {
    List<String> frames = new ArrayList<>();
    Matcher matcher = Pattern.compile("[→←] (.*?)(?=\n[→←]|\\z)", Pattern.DOTALL).matcher(example);
    while (matcher.find()) {
      frames.add(matcher.group(1));
    }
    return frames;
  }

  private static void conforms(String definition, @Nullable RawJson value) {
    assertTrue(BUNDLE.path("$defs").has(definition), definition);
    ObjectNode schema = BUNDLE.deepCopy();
    schema.remove("oneOf");
    schema.put("$ref", "#/$defs/" + definition);
    assertEquals(
        List.of(),
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(schema)
            .validate(Json.parse("example", value == null ? "null" : value.text())),
        definition);
  }

  private static String page() {
    try {
      return Files.readString(PAGE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
