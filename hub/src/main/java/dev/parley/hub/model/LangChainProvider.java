package dev.parley.hub.model;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A vendor's models at one endpoint with one key, spoken to through LangChain4j. */
public final class LangChainProvider implements ModelProvider {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private final Vertx vertx;
  private final HttpClient client;
  private final LangChainModels models;
  private final Retry retry;
  private final @Nullable AddressGuard guard;

  /**
   * Builds the provider; it holds nothing that needs closing.
   *
   * @param client makes the requests; shared by all providers, see {@link #httpClient}
   * @param guard vets where the endpoint's name leads to; null for one the operator has set
   */
  public LangChainProvider(
      Vertx vertx,
      HttpClient client,
      ProviderEndpoint endpoint,
      Retry retry,
      @Nullable AddressGuard guard) {
    this.vertx = vertx;
    this.client = client;
    this.models = new LangChainModels(endpoint);
    this.retry = retry;
    this.guard = guard;
  }

  /**
   * A client for providers: one connection for each stream, at most {@code connections} to one host
   * and as many requests again waiting for one.
   */
  public static HttpClient httpClient(Vertx vertx, int connections) {
    return vertx.createHttpClient(
        new HttpClientOptions().setKeepAlive(true).setKeepAliveTimeout(30),
        new PoolOptions().setHttp1MaxSize(connections).setMaxWaitQueueSize(connections));
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
    return new ProviderExchange(client, guard, CONNECT_TIMEOUT, idleTimeout, onClosed);
  }
}
