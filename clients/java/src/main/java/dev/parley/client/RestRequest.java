package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One operation as an HTTP request, by the route in the contract: params named in the path go
 * there, the rest into the query of a GET or DELETE and into the JSON body of any other.
 */
final class RestRequest {
  private static final Contract CONTRACT = Contract.load();
  private static final Pattern PATH_PARAM = Pattern.compile("\\{(\\w+)}");

  private RestRequest() {}

  /**
   * Makes a request.
   *
   * @throws ParleyException {@code invalid_request}: no such operation, none over REST, or a param
   *     that its route cannot carry
   */
  static HttpRequest.Builder of(HubUrl hub, String name, @Nullable Object params) {
    return of(hub, name, params, null);
  }

  /**
   * As {@link #of(HubUrl, String, Object)}.
   *
   * @param bytes the body of an operation that takes a stream of bytes; all params are elsewhere
   */
  static HttpRequest.Builder of(
      HubUrl hub, String name, @Nullable Object params, HttpRequest.@Nullable BodyPublisher bytes) {
    Operation operation = CONTRACT.operation(name);
    if (operation == null || operation.restMethod() == null || operation.restPath() == null) {
      throw ParleyException.invalid(
          "operation",
          operation == null
              ? "there is no operation " + name
              : "%s has no REST route; use ParleyClient".formatted(name));
    }
    ObjectNode rest = members(params);
    String path = path(operation.restPath(), rest);
    String method = operation.restMethod();
    if (operation.takesBytes() == (bytes == null)) {
      throw ParleyException.invalid(
          "operation",
          name + (bytes == null ? " takes a stream of bytes" : " takes no stream of bytes"));
    }
    if (bytes != null || method.equals("GET") || method.equals("DELETE")) {
      return HttpRequest.newBuilder(hub.rest(path + query(rest)))
          .method(method, bytes == null ? HttpRequest.BodyPublishers.noBody() : bytes);
    }
    return HttpRequest.newBuilder(hub.rest(path))
        .header("Content-Type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofString(Json.write(rest)));
  }

  private static ObjectNode members(@Nullable Object params) {
    if (params == null) {
      return Json.object();
    }
    String text = Payloads.raw(params).text();
    var unused = Utf8.length(text);
    return Json.parseObject("params", text);
  }

  private static String path(String template, ObjectNode params) {
    Matcher matcher = PATH_PARAM.matcher(template);
    StringBuilder path = new StringBuilder();
    while (matcher.find()) {
      String name = matcher.group(1);
      matcher.appendReplacement(path, Matcher.quoteReplacement(encoded(name, params.remove(name))));
    }
    return matcher.appendTail(path).toString();
  }

  private static String query(ObjectNode params) {
    StringJoiner query = new StringJoiner("&", "?", "").setEmptyValue("");
    for (Map.Entry<String, JsonNode> param : params.properties()) {
      if (!param.getValue().isNull()) {
        query.add(param.getKey() + "=" + encoded(param.getKey(), param.getValue()));
      }
    }
    return query.toString();
  }

  private static String encoded(String name, @Nullable JsonNode value) {
    if (value == null || !value.isValueNode() || value.asText().isEmpty()) {
      throw ParleyException.invalid(name, name + " must be a non-empty string or a number");
    }
    return URLEncoder.encode(value.asText(), StandardCharsets.UTF_8).replace("+", "%20");
  }
}
