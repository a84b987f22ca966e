package dev.parley.hub.model;

import static dev.parley.hub.model.ProviderServer.delta;
import static dev.parley.hub.model.ProviderServer.finish;

import dev.parley.hub.outbound.GuardedHttp;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.outbound.OutboundSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** A provider over a real socket that answers as each test says. */
abstract class LangChainFixture {
  static final String KEY = "sk-parley-0123456789abcdef";
  static final Retry RETRY = new Retry(3, Duration.ofMillis(5), Duration.ofMillis(1500));
  static Vertx vertx;

  static GuardedHttp client;
  final ProviderServer server = new ProviderServer(vertx);
  final Caller caller = new Caller(vertx);
  final LangChainProvider openAi = provider(Vendor.OPENAI, server.url(), RETRY);

  @BeforeAll
  static void start() {
    vertx = Vertx.vertx();
    client = new OutboundClient(vertx, new OutboundSettings(8, List.of())).forOperator();
    LangChainWarmUp.run();
    loadClasses();
  }

  /** So that the short timeouts below measure the provider and not the class loader. */
  static void loadClasses() {
    try (ProviderServer server = new ProviderServer(vertx)) {
      server.thenStatus(400, "").thenEvents(delta("a"), finish("stop"), "[DONE]");
      LangChainProvider provider = provider(Vendor.OPENAI, server.url(), RETRY);
      ModelRun refused = new Caller(vertx).start(provider, request("hello"));
      refused.reply().transform(any -> Future.succeededFuture()).await();
      new Caller(vertx).call(provider, request("hello"));
    }
  }

  @AfterAll
  static void stop() {
    vertx.close().await();
  }

  @AfterEach
  void close() {
    server.close();
  }

  static LangChainProvider provider(Vendor vendor, String url, Retry retry) {
    return new LangChainProvider(vertx, client, new ProviderEndpoint(vendor, url, KEY), retry);
  }

  static ModelRequest request(String text) {
    return Caller.request("gpt-x", text);
  }

  static String toolDelta(String call) {
    return "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" + call + "]}}]}";
  }

  static String named(String event, String data) {
    return "event: " + event + "\ndata: " + data + "\n\n";
  }
}
