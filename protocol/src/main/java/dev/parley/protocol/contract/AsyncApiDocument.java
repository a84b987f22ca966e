package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import java.util.Set;

/**
 * Writes the AsyncAPI document. Each operation of the contract is a request that the hub receives
 * and answers, except those that the hub sends to a socket of role agent.
 */
final class AsyncApiDocument {
  private static final String CHANNEL = "#/channels/socket";
  private static final Set<String> SENT_BY_THE_HUB = Set.of("agent.deliver");
  private static final Set<String> EVENTS_OF_AGENTS = Set.of("agent.chunk");

  private final Contract contract;
  private final Definitions definitions;
  private final ObjectNode channelMessages = Json.object();
  private final ObjectNode operations = Json.object();
  private final ObjectNode messages = Json.object();

  AsyncApiDocument(Contract contract) {
    this.contract = contract;
    definitions = new Definitions(contract, "#/components/schemas/", ErrorCode::name);
  }

  ObjectNode write() {
    message(
        "error",
        "The request failed",
        frame("ResponseFrame", "ok", BooleanNode.FALSE, "error", error()));
    contract.operations().values().forEach(this::add);
    contract.events().values().forEach(this::add);
    ObjectNode document = Json.object().put("asyncapi", "3.0.0");
    document
        .putObject("info")
        .put("title", "Parley WebSocket protocol")
        .put("version", String.valueOf(Frame.WIRE_VERSION))
        .put("description", description());
    document.put("defaultContentType", "application/json");
    ObjectNode server = document.putObject("servers").putObject("local");
    server.put("host", "127.0.0.1:8420").put("protocol", "ws");
    server.putArray("security").addObject().put("$ref", "#/components/securitySchemes/connect");
    ObjectNode channel = document.putObject("channels").putObject("socket");
    channel.put("address", "/ws").put("title", "The socket; also accepted on /");
    channel.set("messages", channelMessages);
    document.set("operations", operations);
    ObjectNode components = document.putObject("components");
    components.set("schemas", definitions.all());
    components.set("messages", messages);
    components
        .putObject("securitySchemes")
        .putObject("connect")
        .put("type", "apiKey")
        .put("in", "password")
        .put(
            "description",
            "An API key in params.auth.token of the connect request, the first of a socket;"
                + " never in the URL.");
    return document;
  }

  private static String description() {
    return """
        One JSON object in one text frame. The hub sends connect.challenge, the client answers with \
        the request connect, the hub with hello-ok; then both sides send requests, responses and \
        events. Operations are told from the side of the hub: it receives requests and sends \
        events.""";
  }

  private void add(Operation operation) {
    String name = operation.name();
    String request = name + ".request";
    String response = name + ".response";
    message(
        request,
        operation.summary(),
        frame(
            "RequestFrame",
            "method",
            TextNode.valueOf(name),
            "params",
            definitions.relocated(operation.params())));
    message(
        response,
        "The result of " + name,
        frame(
            "ResponseFrame",
            "ok",
            BooleanNode.TRUE,
            "payload",
            definitions.relocated(operation.result())));
    boolean sent = SENT_BY_THE_HUB.contains(name);
    ObjectNode json = operation(name, sent ? "send" : "receive", request, operation.summary());
    if (operation.permission() != null && !operation.permission().isEmpty()) {
      json.put("x-permission", operation.permission());
    }
    ObjectNode reply = json.putObject("reply");
    reply.putObject("channel").put("$ref", CHANNEL);
    ArrayNode replies = reply.putArray("messages");
    replies.addObject().put("$ref", CHANNEL + "/messages/" + response);
    replies.addObject().put("$ref", CHANNEL + "/messages/error");
  }

  private void add(Contract.Event event) {
    String message = event.name() + ".event";
    message(
        message,
        event.summary(),
        frame(
            "EventFrame",
            "event",
            TextNode.valueOf(event.name()),
            "payload",
            definitions.relocated(event.payload())));
    operation(message, "send", message, event.summary());
    if (EVENTS_OF_AGENTS.contains(event.name())) {
      operation(message + ".received", "receive", message, event.summary());
    }
  }

  private ObjectNode operation(String name, String action, String message, String summary) {
    ObjectNode json = operations.putObject(name).put("action", action).put("summary", summary);
    json.putObject("channel").put("$ref", CHANNEL);
    json.putArray("messages").addObject().put("$ref", CHANNEL + "/messages/" + message);
    return json;
  }

  private void message(String name, String summary, ObjectNode payload) {
    messages.putObject(name).put("name", name).put("summary", summary).set("payload", payload);
    channelMessages.putObject(name).put("$ref", "#/components/messages/" + name);
  }

  private ObjectNode error() {
    return Json.object().put("$ref", definitions.ref("Error"));
  }

  /** A frame whose {@code key} has one value and whose {@code content} has a schema. */
  private ObjectNode frame(
      String frame, String key, JsonNode value, String content, ObjectNode schema) {
    ObjectNode narrowed = Json.object();
    ObjectNode properties = narrowed.putObject("properties");
    properties.putObject(key).set("const", value);
    properties.set(content, schema);
    ObjectNode json = Json.object();
    ArrayNode parts = json.putArray("allOf");
    parts.addObject().put("$ref", definitions.ref(frame));
    parts.add(narrowed);
    return json;
  }
}
