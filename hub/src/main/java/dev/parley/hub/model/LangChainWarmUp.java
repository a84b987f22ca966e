package dev.parley.hub.model;

import dev.langchain4j.exception.HttpException;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.frame.Json;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Loads the model library's classes and builds its JSON codecs, some hundreds of milliseconds that
 * would otherwise be spent on an event loop during the first call. Blocks; run it on a worker.
 */
final class LangChainWarmUp {
  private LangChainWarmUp() {}

  static void run() {
    ModelRequest request =
        new ModelRequest(
            "none",
            "none",
            List.of(new UserText("none")),
            List.of(new ToolSpec("none", "none", Json.object())),
            1,
            Duration.ofSeconds(1));
    for (Vendor vendor : Vendor.values()) {
      LangChainModels models = new LangChainModels(ProviderEndpoint.of(vendor, null, "none"));
      models
          .streaming(request, new CannedHttp(stream(vendor)))
          .chat(models.chatRequest(request), new Deaf());
    }
  }

  private static String stream(Vendor vendor) {
    return switch (vendor) {
      case OPENAI -> "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
      case ANTHROPIC -> "event: content_block_stop\ndata: {\"index\":0}\n\n";
      case OLLAMA -> "{\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"done\":true}\n";
    };
  }

  /** Answers with a fixed stream, without a network. */
  private record CannedHttp(String stream) implements HttpClient, HttpClientBuilder {
    @Override
    public void execute(
        HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
      parser.parse(new ByteArrayInputStream(stream.getBytes(StandardCharsets.UTF_8)), listener);
      listener.onError(new HttpException(500, "none"));
    }

    @Override
    public SuccessfulHttpResponse execute(HttpRequest request) {
      throw new UnsupportedOperationException("only streams are warmed up");
    }

    @Override
    public HttpClient build() {
      return this;
    }

    @Override
    public Duration connectTimeout() {
      return Duration.ZERO;
    }

    @Override
    public HttpClientBuilder connectTimeout(Duration ignored) {
      return this;
    }

    @Override
    public Duration readTimeout() {
      return Duration.ZERO;
    }

    @Override
    public HttpClientBuilder readTimeout(Duration ignored) {
      return this;
    }
  }

  private static final class Deaf implements StreamingChatResponseHandler {
    @Override
    public void onCompleteResponse(ChatResponse response) {}

    @Override
    public void onError(Throwable failure) {}
  }
}
