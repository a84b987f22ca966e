package dev.parley.hub.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A server on a free port that speaks a provider's protocol: one scripted answer per request. */
public final class ProviderServer implements AutoCloseable {
  public final Queue<ObjectNode> bodies = new ConcurrentLinkedQueue<>();
  public final Queue<String> requests = new ConcurrentLinkedQueue<>();
  public final Queue<String> credentials = new ConcurrentLinkedQueue<>();
  public final AtomicInteger cutByClient = new AtomicInteger();

  private final Queue<Consumer<HttpServerResponse>> script = new ConcurrentLinkedQueue<>();
  private final HttpServer server;

  public ProviderServer(Vertx vertx) {
    server = vertx.createHttpServer().requestHandler(this::answer);
    server.listen(0, "127.0.0.1").await();
  }

  /** Adds the answer of the next request; the last one is repeated. */
  public ProviderServer then(Consumer<HttpServerResponse> answer) {
    script.add(answer);
    return this;
  }

  public ProviderServer thenEvents(String... data) {
    return then(response -> response.end(events(data)));
  }

  public ProviderServer thenStatus(int status, String body) {
    return then(response -> response.setStatusCode(status).end(body));
  }

  public String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  public ObjectNode body() {
    return bodies.element();
  }

  public static String events(String... data) {
    StringBuilder events = new StringBuilder();
    for (String event : data) {
      events.append("data: ").append(event).append("\n\n");
    }
    return events.toString();
  }

  /** A text delta of OpenAI's chat completions. */
  public static String delta(String text) {
    ObjectNode chunk = Json.object();
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
    choice.putObject("delta").put("content", text);
    return Json.write(chunk);
  }

  public static String finish(String reason) {
    return "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}";
  }

  public static String usage(int prompt, int completion) {
    return "{\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}"
        .formatted(prompt, completion, prompt + completion);
  }

  private void answer(HttpServerRequest request) {
    requests.add(request.method() + " " + request.path());
    for (String header : List.of("Authorization", "x-api-key")) {
      if (request.getHeader(header) != null) {
        credentials.add(request.getHeader(header));
      }
    }
    HttpServerResponse response = request.response();
    response.exceptionHandler(cause -> cutByClient.incrementAndGet());
    request
        .body()
        .onSuccess(
            body -> {
              bodies.add(Json.parseObject("body", body.toString()));
              Consumer<HttpServerResponse> next =
                  script.size() > 1 ? script.remove() : script.element();
              next.accept(response.setChunked(true));
            });
  }

  @Override
  public void close() {
    server.close().await();
  }
}
