package dev.parley.hub.model;

import dev.parley.hub.outbound.GuardedHttp;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** A vendor's models at one endpoint with one key, spoken to through LangChain4j. */
public final class LangChainProvider implements ModelProvider {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private final Vertx vertx;
  private final GuardedHttp http;
  private final LangChainModels models;
  private final Retry retry;

  /**
   * Builds the provider; it holds nothing that needs closing.
   *
   * @param http that of tenants or of the operator, whoever has set the endpoint
   */
  public LangChainProvider(Vertx vertx, GuardedHttp http, ProviderEndpoint endpoint, Retry retry) {
    this.vertx = vertx;
    this.http = http;
    this.models = new LangChainModels(endpoint);
    this.retry = retry;
  }

  @Override
  public String name() {
    return models.endpoint().vendor().wireName();
  }

  @Override
  public List<String> models() {
    return models.endpoint().vendor().models();
  }

  @Override
  public ModelRun start(ModelRequest request, Consumer<String> onText) {
    return StreamingRun.start(
        vertx,
        request.timeout(),
        onText,
        run -> new LangChainCall(models, this::exchange, retry, request, run).attempt());
  }

  private ProviderExchange exchange(Duration idleTimeout, Runnable onClosed) {
    return new ProviderExchange(http, CONNECT_TIMEOUT, idleTimeout, onClosed);
  }
}
