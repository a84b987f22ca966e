package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Writes the OpenAPI document. The params of an operation come from three places: what is named in
 * the path, the rest from the query (GET, DELETE) or from the JSON body.
 */
final class OpenApiDocument {
  private static final Pattern PATH_PARAMETER = Pattern.compile("\\{(\\w+)}");
  private static final Set<String> WITHOUT_BODY = Set.of("GET", "DELETE");
  private static final String BEARER = "bearer";

  private static final Map<String, String> ENCODED =
      Map.of(
          "listing",
          "percent-encoded: `market%3Aglobex%2Fquotes`, or `globex%2Fquotes`, is"
              + " `market:globex/quotes`",
          "name",
          "percent-encoded, its slashes too: `notes%2Ftoday.md` is `notes/today.md`",
          "path",
          "percent-encoded, its slashes too: `notes%2Ftoday.md` is `notes/today.md`");

  private static final Set<ErrorCode> ANYWHERE =
      EnumSet.of(
          ErrorCode.INVALID_REQUEST,
          ErrorCode.RATE_LIMITED,
          ErrorCode.INTERNAL,
          ErrorCode.UNAVAILABLE);
  private static final Set<ErrorCode> WITH_KEY =
      EnumSet.of(ErrorCode.UNAUTHORIZED, ErrorCode.FORBIDDEN);
  private static final Set<ErrorCode> IN_WRITING =
      EnumSet.of(ErrorCode.CONFLICT, ErrorCode.LIMIT_EXCEEDED, ErrorCode.PAYLOAD_TOO_LARGE);
  private static final Set<ErrorCode> IN_CALLS =
      EnumSet.of(
          ErrorCode.BUDGET_EXCEEDED,
          ErrorCode.NOT_FOUND,
          ErrorCode.LOOP_DETECTED,
          ErrorCode.CANCELLED,
          ErrorCode.DEADLINE_EXCEEDED,
          ErrorCode.AGENT_FAILED,
          ErrorCode.AGENT_OFFLINE);

  private final Contract contract;
  private final Definitions definitions;

  OpenApiDocument(Contract contract) {
    this.contract = contract;
    definitions = new Definitions(contract, "#/components/schemas/", ErrorCode::wireName);
  }

  ObjectNode write() {
    ObjectNode document = Json.object().put("openapi", "3.1.0");
    document
        .putObject("info")
        .put("title", "Parley REST API")
        .put("version", "1")
        .put("description", description());
    document.putArray("servers").addObject().put("url", "http://127.0.0.1:8420");
    ArrayNode tags = document.putArray("tags");
    contract
        .titles()
        .forEach((tag, title) -> tags.addObject().put("name", tag).put("description", title));
    ObjectNode paths = document.putObject("paths");
    for (Operation operation : contract.operations().values()) {
      if (operation.restMethod() != null && operation.restPath() != null) {
        paths
            .withObjectProperty(operation.restPath())
            .set(
                operation.restMethod().toLowerCase(Locale.ROOT),
                operation(operation, operation.restMethod(), operation.restPath()));
      }
    }
    document.set("components", components());
    return document;
  }

  private static String description() {
    return """
        The operations of the hub that have a REST route; the WebSocket protocol has more.

        A key of the tenant goes into the header `Authorization: Bearer <key>`, never into a URL. \
        A parameter in a path is one percent-encoded segment: the listing `market:globex/quotes` \
        is `market%3Aglobex%2Fquotes`, or `globex%2Fquotes`; the file `notes/today.md` is \
        `notes%2Ftoday.md`. A property is given once: in the path, in the query or in the body. \
        Bodies are JSON objects in UTF-8.""";
  }

  private ObjectNode operation(Operation operation, String method, String path) {
    ObjectNode params = definitions.resolved(operation.params());
    List<String> inPath =
        PATH_PARAMETER.matcher(path).results().map(match -> match.group(1)).toList();
    ObjectNode json =
        Json.object().put("operationId", operation.name()).put("summary", operation.summary());
    json.putArray("tags").add(operation.feature());
    ArrayNode security = json.putArray("security");
    if (operation.permission() != null) {
      security.addObject().putArray(BEARER);
      json.put("x-permission", operation.permission());
    }
    ArrayNode parameters = Json.object().arrayNode();
    inPath.forEach(name -> parameters.add(parameter(params, name, "path")));
    boolean hasBody = !WITHOUT_BODY.contains(method);
    ObjectNode body = body(params, inPath);
    if (operation.takesBytes()) {
      json.putObject("requestBody")
          .put("required", true)
          .putObject("content")
          .putObject("application/octet-stream")
          .putObject("schema");
    }
    if (hasBody && !operation.takesBytes() && !body.path("properties").isEmpty()) {
      json.set("requestBody", requestBody(body));
    } else {
      body.path("properties")
          .fieldNames()
          .forEachRemaining(name -> parameters.add(parameter(params, name, "query")));
    }
    if (!parameters.isEmpty()) {
      json.set("parameters", parameters);
    }
    json.set("responses", responses(operation, hasBody, !inPath.isEmpty()));
    return json;
  }

  private ObjectNode parameter(ObjectNode params, String name, String place) {
    JsonNode property = params.path("properties").path(name);
    if (!(property instanceof ObjectNode schema)) {
      throw new IllegalStateException("a path names " + name + ", which is no param");
    }
    boolean inPath = place.equals("path");
    ObjectNode copy = definitions.relocated(schema);
    JsonNode description = copy.remove("description");
    List<String> texts = new ArrayList<>();
    if (description != null) {
      texts.add(description.asText());
    }
    if (inPath && ENCODED.containsKey(name)) {
      texts.add(ENCODED.get(name));
    }
    ObjectNode parameter =
        Json.object()
            .put("name", name)
            .put("in", place)
            .put("required", inPath || names(params.path("required")).contains(name));
    if (!texts.isEmpty()) {
      parameter.put("description", String.join("; ", texts));
    }
    parameter.set("schema", copy);
    return parameter;
  }

  private ObjectNode body(ObjectNode params, List<String> inPath) {
    ObjectNode body = definitions.relocated(params);
    if (body.get("properties") instanceof ObjectNode properties) {
      properties.remove(inPath);
    }
    List<String> required = new ArrayList<>(names(body.path("required")));
    required.removeAll(inPath);
    body.remove("required");
    if (!required.isEmpty()) {
      required.forEach(body.putArray("required")::add);
    }
    return body;
  }

  private static ObjectNode requestBody(ObjectNode schema) {
    ObjectNode body = Json.object().put("required", schema.has("required"));
    body.putObject("content").putObject("application/json").set("schema", schema);
    return body;
  }

  private ObjectNode responses(Operation operation, boolean hasBody, boolean hasPathParameters) {
    ObjectNode responses = Json.object();
    ObjectNode ok = responses.putObject("200").put("description", "Done");
    ObjectNode content = ok.putObject("content");
    if (operation.givesBytes()) {
      content.putObject("application/octet-stream").putObject("schema");
    } else {
      content
          .putObject("application/json")
          .set("schema", definitions.relocated(operation.result()));
    }
    Set<ErrorCode> codes = EnumSet.copyOf(ANYWHERE);
    if (operation.permission() != null) {
      codes.addAll(WITH_KEY);
    }
    if (hasBody) {
      codes.addAll(IN_WRITING);
    }
    if (operation.params().path("properties").has("ifMatch")) {
      codes.add(ErrorCode.PRECONDITION_FAILED);
    }
    if (hasPathParameters) {
      codes.add(ErrorCode.NOT_FOUND);
    }
    if ("call".equals(operation.permission())) {
      codes.addAll(IN_CALLS);
    }
    codes.stream()
        .map(code -> String.valueOf(code.httpStatus()))
        .distinct()
        .sorted()
        .forEach(
            status ->
                responses.putObject(status).put("$ref", "#/components/responses/Error" + status));
    responses.putObject("default").put("$ref", "#/components/responses/Error");
    return responses;
  }

  private ObjectNode components() {
    ObjectNode components = Json.object();
    ObjectNode schemas = definitions.all();
    SchemaBundle.FRAMES.forEach(schemas::remove);
    ObjectNode body = schemas.putObject("ErrorBody").put("type", "object");
    body.putObject("properties").putObject("error").put("$ref", definitions.ref("Error"));
    body.putArray("required").add("error");
    components.set("schemas", schemas);
    components.set("responses", errors());
    components
        .putObject("securitySchemes")
        .putObject(BEARER)
        .put("type", "http")
        .put("scheme", "bearer")
        .put("description", "An API key of the tenant, or of the platform for admin operations");
    return components;
  }

  private ObjectNode errors() {
    Map<Integer, String> byStatus =
        Arrays.stream(ErrorCode.values())
            .collect(
                Collectors.groupingBy(
                    ErrorCode::httpStatus,
                    TreeMap::new,
                    Collectors.mapping(
                        code -> '`' + code.wireName() + '`', Collectors.joining(", "))));
    ObjectNode errors = Json.object();
    byStatus.forEach((status, codes) -> errors.set("Error" + status, error(codes)));
    errors.set("Error", error("Any other error"));
    return errors;
  }

  private ObjectNode error(String description) {
    ObjectNode error = Json.object().put("description", description);
    error
        .putObject("content")
        .putObject("application/json")
        .putObject("schema")
        .put("$ref", definitions.ref("ErrorBody"));
    return error;
  }

  private static List<String> names(JsonNode array) {
    List<String> names = new ArrayList<>();
    array.forEach(name -> names.add(name.asText()));
    return names;
  }
}
