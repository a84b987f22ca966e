package dev.parley.protocol.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ContractDocumentsTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final String WRITE = "parley.docs.write";
  private static final Contract CONTRACT = Contract.load();
  private static final ContractDocuments DOCUMENTS = new ContractDocuments(CONTRACT);

  static Stream<Arguments> documents() {
    return Stream.of(
        Arguments.of("openapi.json", DOCUMENTS.openApi()),
        Arguments.of("asyncapi.json", DOCUMENTS.asyncApi()),
        Arguments.of("schema.json", DOCUMENTS.jsonSchema()));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void thePublishedDocumentIsThatOfTheContract(String name, ObjectNode document)
      throws IOException {
    String text = pretty(document);
    if (Boolean.getBoolean(WRITE)) {
      Files.createDirectories(DOCS);
      Files.writeString(DOCS.resolve(name), text);
    }
    assertEquals(
        text,
        Files.readString(DOCS.resolve(name)),
        () ->
            "docs/"
                + name
                + " is not what the contract says; write it anew with:"
                + " mvn -q test -pl protocol -Dtest=ContractDocumentsTest -D"
                + WRITE
                + "=true");
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyReferenceResolvesInsideTheDocument(String name, ObjectNode document) {
    List<JsonNode> refs = document.findValues("$ref");
    assertFalse(refs.isEmpty());
    for (JsonNode ref : refs) {
      assertTrue(ref.asText().startsWith("#/"), ref::asText);
      assertFalse(document.at(ref.asText().substring(1)).isMissingNode(), ref::asText);
    }
  }

  @Test
  void everyOperationWithARouteIsInTheOpenApiDocument() {
    JsonNode paths = DOCUMENTS.openApi().get("paths");
    Set<String> described = new HashSet<>();
    paths.forEach(path -> path.forEach(o -> described.add(o.path("operationId").asText())));
    Set<String> routed = new HashSet<>();
    CONTRACT.operations().values().stream()
        .filter(Operation::hasRest)
        .forEach(operation -> routed.add(operation.name()));
    assertEquals(routed, described);
  }

  @Test
  void everyParamHasOnePlaceInARestRequest() {
    JsonNode paths = DOCUMENTS.openApi().get("paths");
    for (Operation operation : CONTRACT.operations().values()) {
      if (operation.restMethod() != null) {
        JsonNode described =
            paths.path(operation.restPath()).path(operation.restMethod().toLowerCase(Locale.ROOT));
        List<String> places = new ArrayList<>();
        described
            .path("parameters")
            .forEach(parameter -> places.add(parameter.path("name").asText()));
        JsonNode body = described.at("/requestBody/content/application~1json/schema");
        body.path("properties").fieldNames().forEachRemaining(places::add);
        List<String> params = new ArrayList<>();
        operation.params().path("properties").fieldNames().forEachRemaining(params::add);
        assertEquals(params.stream().sorted().toList(), places.stream().sorted().toList());
        body.path("required")
            .forEach(name -> assertTrue(body.at("/properties").has(name.asText())));
      }
    }
  }

  @Test
  void pathAndQueryAndBodyAreWhereARestClientPutsThem() {
    ObjectNode document = DOCUMENTS.openApi();
    JsonNode put = document.at("/paths/~1v1~1agents~1{agentId}~1files~1{name}/put");
    assertEquals("path", put.at("/parameters/0/in").asText());
    assertEquals("agentId", put.at("/parameters/0/name").asText());
    assertEquals("name", put.at("/parameters/1/name").asText());
    JsonNode body = put.at("/requestBody/content/application~1json/schema");
    assertEquals("[\"content\"]", body.path("required").toString());
    JsonNode search = document.at("/paths/~1v1~1market~1listings/get");
    assertEquals("query", search.at("/parameters/0/in").asText());
    assertFalse(search.has("requestBody"));
    JsonNode accept = document.at("/paths/~1v1~1channels~1{id}~1accept/post");
    assertFalse(accept.has("requestBody"));
  }

  @Test
  void onlyOperationsOpenToEverybodyNeedNoKey() {
    List<String> open = new ArrayList<>();
    DOCUMENTS
        .openApi()
        .get("paths")
        .forEach(
            path ->
                path.forEach(
                    operation -> {
                      if (operation.path("security").isEmpty()) {
                        open.add(operation.path("operationId").asText());
                      }
                    }));
    assertEquals(List.of("signup"), open);
  }

  @Test
  void errorsAreSpeltAsEachProtocolSpellsThem() {
    String enumeration = "/components/schemas/Error/properties/code/enum";
    assertEquals(codes(ErrorCode::wireName), DOCUMENTS.openApi().at(enumeration));
    assertEquals(codes(ErrorCode::name), DOCUMENTS.asyncApi().at(enumeration));
  }

  private static ArrayNode codes(Function<ErrorCode, String> spelling) {
    ArrayNode codes = Json.object().arrayNode();
    Stream.of(ErrorCode.values()).map(spelling).forEach(codes::add);
    return codes;
  }

  @Test
  void theSchemaBundleAndTheAsyncApiDocumentHaveEveryMethodAndEvent() {
    JsonNode schemas = DOCUMENTS.jsonSchema().get("$defs");
    JsonNode messages = DOCUMENTS.asyncApi().at("/components/messages");
    for (String method : CONTRACT.operations().keySet()) {
      assertTrue(schemas.has(method + ".params") && schemas.has(method + ".result"), method);
      assertTrue(messages.has(method + ".request") && messages.has(method + ".response"), method);
    }
    for (String event : CONTRACT.events().keySet()) {
      assertTrue(schemas.has(event + ".payload"), event);
      assertTrue(messages.has(event + ".event"), event);
    }
  }

  private static String pretty(ObjectNode document) throws IOException {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
            .withObjectIndenter(indenter)
            .withArrayIndenter(indenter);
    return Json.mapper().writer(printer).writeValueAsString(document) + '\n';
  }
}
