package dev.parley.hub.model;

import dev.parley.hub.model.ProviderListing.Source;
import dev.parley.hub.outbound.GuardedHttp;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the provider of a tenant's model: the tenant's own endpoint first, then the platform's. An
 * endpoint is an address and its key in one value, so the platform's key cannot meet a tenant's
 * address.
 */
public final class Models {
  private static final int LONGEST_ID = 200;
  private static final Pattern ID = Pattern.compile("([a-z]+)/([\\x21-\\x7e]+)");

  private final Vertx vertx;
  private final ModelSettings settings;
  private final ModelPrices prices;
  private final ProviderKeys keys;
  private final GuardedHttp ofTenants;
  private final GuardedHttp ofOperator;
  private final OfflineProvider offline;
  private @Nullable Future<Void> loading;

  public Models(
      Vertx vertx,
      ModelSettings settings,
      ModelPrices prices,
      ProviderKeys keys,
      OutboundClient outbound) {
    this.vertx = vertx;
    this.settings = settings;
    this.prices = prices;
    this.keys = keys;
    this.ofTenants = outbound.forTenants("baseUrl");
    this.ofOperator = outbound.forOperator();
    this.offline = new OfflineProvider(vertx, settings.perWord());
  }

  /**
   * The model of this id for this tenant.
   *
   * @param id {@code provider/model}; null for the default
   * @return fails with {@code invalid_request} naming the field {@code model}, and what to do, when
   *     there is no such provider or nobody has a key for it
   */
  public Future<ResolvedModel> resolve(TenantScope scope, @Nullable String id) {
    try {
      return resolve(scope, ModelId.parse(id == null ? settings.defaultModel() : id));
    } catch (ParleyException e) {
      return Future.failedFuture(e);
    }
  }

  /** The models this tenant can use: the known ones of each provider with a key. */
  public Future<List<ModelListing>> list(TenantScope scope) {
    return providers(scope)
        .map(
            providers ->
                providers.stream()
                    .flatMap(
                        provider ->
                            known(provider.name())
                                .map(model -> ModelListing.of(provider.name(), model)))
                    .toList());
  }

  /** The providers this tenant can use, and whose key each runs on. */
  public Future<List<ProviderListing>> providers(TenantScope scope) {
    return keys.list(scope)
        .map(
            own -> {
              List<ProviderListing> all = new ArrayList<>();
              all.add(ProviderListing.of(OfflineProvider.NAME, Source.BUILTIN));
              all.addAll(own);
              Arrays.stream(Vendor.values())
                  .filter(vendor -> settings.platform().containsKey(vendor))
                  .map(Vendor::wireName)
                  .filter(name -> own.stream().noneMatch(listed -> listed.name().equals(name)))
                  .forEach(name -> all.add(ProviderListing.of(name, Source.PLATFORM)));
              return all;
            });
  }

  private record ModelId(String provider, String model) {
    static ModelId parse(String id) {
      var parts = ID.matcher(id);
      if (id.length() > LONGEST_ID || !parts.matches()) {
        throw ParleyException.invalid(
            "model", "model must be provider/model, for example offline/parley-1 or openai/gpt-5");
      }
      return new ModelId(parts.group(1), parts.group(2));
    }

    String text() {
      return provider + "/" + model;
    }
  }

  private Future<ResolvedModel> resolve(TenantScope scope, ModelId id) {
    if (id.provider.equals(OfflineProvider.NAME)) {
      if (!offline.models().contains(id.model)) {
        throw ParleyException.invalid(
            "model", "the offline provider has one model, offline/" + OfflineProvider.MODEL);
      }
      return Future.succeededFuture(resolved(id, offline, Source.BUILTIN));
    }
    Vendor vendor = vendor(id);
    return warm()
        .compose(warm -> keys.get(scope, vendor))
        .map(
            own ->
                own.map(endpoint -> resolved(id, provider(endpoint, ofTenants), Source.TENANT))
                    .or(() -> ofPlatform(id, vendor))
                    .orElseThrow(() -> noKey(vendor)));
  }

  private Optional<ResolvedModel> ofPlatform(ModelId id, Vendor vendor) {
    return Optional.ofNullable(settings.platform().get(vendor))
        .map(endpoint -> resolved(id, provider(endpoint, ofOperator), Source.PLATFORM));
  }

  private ResolvedModel resolved(ModelId id, ModelProvider provider, Source source) {
    ModelPrice price = source == Source.TENANT ? ModelPrice.FREE : prices.of(id.text());
    return new ResolvedModel(
        id.text(),
        provider,
        id.model,
        source,
        price,
        settings.maxOutputTokens(),
        settings.requestTimeout());
  }

  private LangChainProvider provider(ProviderEndpoint endpoint, GuardedHttp http) {
    return new LangChainProvider(vertx, http, endpoint, Retry.of(settings.attempts()));
  }

  /** Completes on the caller's context when the model library is loaded, by the first call. */
  private Future<Void> warm() {
    Future<Void> loaded = loaded();
    if (loaded.isComplete()) {
      return Future.succeededFuture();
    }
    Context context = vertx.getOrCreateContext();
    Promise<Void> promise = Promise.promise();
    loaded.onComplete(done -> context.runOnContext(turn -> promise.complete()));
    return promise.future();
  }

  private synchronized Future<Void> loaded() {
    Future<Void> started = loading;
    if (started == null) {
      started =
          vertx.executeBlocking(
              () -> {
                LangChainWarmUp.run();
                return null;
              });
      loading = started;
    }
    return started;
  }

  private static Vendor vendor(ModelId id) {
    return Arrays.stream(Vendor.values())
        .filter(vendor -> vendor.wireName().equals(id.provider))
        .findFirst()
        .orElseThrow(
            () ->
                ParleyException.invalid(
                    "model",
                    "there is no provider %s; there are offline, openai, anthropic and ollama"
                        .formatted(id.provider)));
  }

  private static Stream<String> known(String provider) {
    if (provider.equals(OfflineProvider.NAME)) {
      return Stream.of(OfflineProvider.MODEL);
    }
    return Vendor.of(provider).models().stream();
  }

  private static ParleyException noKey(Vendor vendor) {
    return ParleyException.invalid(
            "model",
            "nobody has set a key for %s: set yours with parley providers set %s, or use offline/%s"
                .formatted(vendor.wireName(), vendor.wireName(), OfflineProvider.MODEL))
        .with("provider", vendor.wireName());
  }
}
