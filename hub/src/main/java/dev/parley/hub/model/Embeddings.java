package dev.parley.hub.model;

import dev.parley.hub.outbound.GuardedHttp;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the embedding model of a tenant: the one it has named with its own OpenAI-compatible
 * provider; else, when it has set no provider of its own, the platform's, if there is one.
 */
public final class Embeddings {
  private static final String PREFIX = Vendor.OPENAI.wireName() + "/";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Vertx vertx;
  private final ModelSettings settings;
  private final ModelPrices prices;
  private final ProviderKeys keys;
  private final String platformModel;
  private final GuardedHttp ofTenants;
  private final GuardedHttp ofOperator;

  /**
   * Makes it.
   *
   * @param platformModel {@code openai/<model>} on the platform's key, empty for none
   * @throws ParleyException {@code invalid_request} when that is of another provider, or there is
   *     no platform key for it
   */
  public Embeddings(
      Vertx vertx,
      ModelSettings settings,
      ModelPrices prices,
      ProviderKeys keys,
      String platformModel,
      OutboundClient outbound) {
    this.vertx = vertx;
    this.settings = settings;
    this.prices = prices;
    this.keys = keys;
    this.platformModel = platformModel;
    this.ofTenants = outbound.forTenants("baseUrl");
    this.ofOperator = outbound.forOperator();
    if (!platformModel.isEmpty()
        && (!platformModel.startsWith(PREFIX) || !settings.platform().containsKey(Vendor.OPENAI))) {
      throw ParleyException.invalid(
          "embedding-model",
          "--embedding-model is openai/<model> and needs --platform-providers openai");
    }
  }

  /** The tenant's model; empty when it has none. */
  public Future<Optional<EmbeddingModel>> of(TenantScope scope) {
    return keys.embedding(scope)
        .map(
            own ->
                own.isEmpty() ? ofPlatform() : ofTenant(own.get().endpoint(), own.get().model()));
  }

  private Optional<EmbeddingModel> ofTenant(ProviderEndpoint endpoint, @Nullable String model) {
    return model == null
        ? Optional.empty()
        : Optional.of(
            new EmbeddingModel(vertx, ofTenants, endpoint, model, ModelPrice.FREE, TIMEOUT));
  }

  private Optional<EmbeddingModel> ofPlatform() {
    ProviderEndpoint endpoint = settings.platform().get(Vendor.OPENAI);
    return platformModel.isEmpty() || endpoint == null
        ? Optional.empty()
        : Optional.of(
            new EmbeddingModel(
                vertx,
                ofOperator,
                endpoint,
                platformModel.substring(PREFIX.length()),
                prices.of(platformModel),
                TIMEOUT));
  }
}
