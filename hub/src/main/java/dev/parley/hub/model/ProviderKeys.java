package dev.parley.hub.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tenants' own keys for model providers, encrypted at rest: the hash {@code providers} of each
 * tenant holds one {@link Entry} for each vendor.
 */
public final class ProviderKeys implements SealedSecrets {
  private static final Script RESEAL = Script.replicated("provider-reseal");

  private final Store store;
  private final KeySeal seal;
  private final InstantSource clock;

  public ProviderKeys(Store store, MasterKeys masters, InstantSource clock) {
    this.store = store;
    this.seal = new KeySeal(masters);
    this.clock = clock;
  }

  /** What Redis holds. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Entry(
      String baseUrl, @Nullable String key, long updatedAt, @Nullable String embeddingModel) {}

  /**
   * Where a tenant's embeddings would be made.
   *
   * @param model null when the tenant has named none
   */
  record EmbeddingPlace(ProviderEndpoint endpoint, @Nullable String model) {}

  /**
   * Sets the tenant's key for a vendor, in place of the one that was there.
   *
   * @param apiKey null for servers that need none
   * @param baseUrl null for the vendor's own service
   * @return fails with {@code invalid_request} naming {@code apiKey} or {@code baseUrl}
   */
  public Future<ProviderListing> set(
      TenantScope scope, Vendor vendor, @Nullable String apiKey, @Nullable String baseUrl) {
    return set(scope, vendor, apiKey, baseUrl, null);
  }

  /**
   * As above.
   *
   * @param embeddingModel makes the vectors of the tenant's memory; null for none
   */
  public Future<ProviderListing> set(
      TenantScope scope,
      Vendor vendor,
      @Nullable String apiKey,
      @Nullable String baseUrl,
      @Nullable String embeddingModel) {
    Entry entry;
    try {
      if (embeddingModel != null && vendor != Vendor.OPENAI) {
        throw ParleyException.invalid(
            "embeddingModel", "embeddings are made by OpenAI-compatible servers: set it on openai");
      }
      ProviderEndpoint endpoint = endpoint(vendor, apiKey, baseUrl);
      String sealed = apiKey == null ? null : seal.seal(place(scope, vendor, endpoint), apiKey);
      entry = new Entry(endpoint.baseUrl(), sealed, clock.millis(), embeddingModel);
    } catch (ParleyException e) {
      return Future.failedFuture(e);
    }
    return store
        .hashSet(hash(scope), vendor.wireName(), Json.write(entry))
        .map(
            ProviderListing.ofTenant(vendor, entry.baseUrl, entry.updatedAt, entry.embeddingModel));
  }

  /** The vendors this tenant has set, in the order of their names. */
  public Future<List<ProviderListing>> list(TenantScope scope) {
    return store.hashGetAll(hash(scope)).map(ProviderKeys::listings);
  }

  /** Forgets the tenant's key for a vendor; answers whether there was one. */
  public Future<Boolean> delete(TenantScope scope, Vendor vendor) {
    return store.hashDelete(hash(scope), vendor.wireName());
  }

  /**
   * The tenant's endpoint of a vendor with its key.
   *
   * @return empty when the tenant has set none; fails with {@code conflict} when the key cannot be
   *     decrypted
   */
  public Future<Optional<ProviderEndpoint>> get(TenantScope scope, Vendor vendor) {
    return store
        .hashGet(hash(scope), vendor.wireName())
        .map(text -> Optional.ofNullable(text).map(found -> opened(scope, vendor, found)));
  }

  /**
   * Where the tenant's embeddings would be made; empty when it has no OpenAI-compatible provider.
   */
  Future<Optional<EmbeddingPlace>> embedding(TenantScope scope) {
    return store
        .hashGet(hash(scope), Vendor.OPENAI.wireName())
        .map(
            text ->
                Optional.ofNullable(text)
                    .map(
                        found ->
                            new EmbeddingPlace(
                                opened(scope, Vendor.OPENAI, found),
                                Json.read(found, Entry.class).embeddingModel)));
  }

  @Override
  public Future<Tally> reseal(TenantScope scope) {
    return store
        .hashGetAll(hash(scope))
        .compose(
            entries -> {
              Future<Tally> all = Future.succeededFuture(Tally.NONE);
              for (Vendor vendor : Vendor.values()) {
                String text = entries.get(vendor.wireName());
                if (text != null) {
                  all = all.compose(tally -> reseal(scope, vendor, text).map(tally::and));
                }
              }
              return all;
            });
  }

  private Future<Tally> reseal(TenantScope scope, Vendor vendor, String text) {
    Entry entry = Json.read(text, Entry.class);
    if (entry.key == null || seal.isCurrent(entry.key)) {
      return Future.succeededFuture(Tally.NONE);
    }
    KeySeal.Place place = new KeySeal.Place(scope.tenant(), vendor, entry.baseUrl);
    String sealed;
    try {
      sealed = seal.seal(place, seal.open(place, entry.key));
    } catch (ParleyException unopened) {
      return Future.succeededFuture(new Tally(0, 1));
    }
    Entry anew = new Entry(entry.baseUrl, sealed, entry.updatedAt, entry.embeddingModel);
    return store
        .run(RESEAL, List.of(hash(scope)), List.of(vendor.wireName(), text, Json.write(anew)))
        .map(result -> new Tally((int) result.integer(0), 0));
  }

  private ProviderEndpoint opened(TenantScope scope, Vendor vendor, String text) {
    Entry entry = Json.read(text, Entry.class);
    String sealed = entry.key;
    String apiKey =
        sealed == null
            ? null
            : seal.open(new KeySeal.Place(scope.tenant(), vendor, entry.baseUrl), sealed);
    return new ProviderEndpoint(vendor, entry.baseUrl, apiKey);
  }

  private static ProviderEndpoint endpoint(
      Vendor vendor, @Nullable String apiKey, @Nullable String baseUrl) {
    if (vendor == Vendor.OLLAMA && baseUrl == null) {
      throw ParleyException.invalid("baseUrl", "ollama needs the base URL of your server");
    }
    if (vendor == Vendor.OPENAI && baseUrl == null && apiKey == null) {
      throw ParleyException.invalid("apiKey", "openai needs an API key, or another base URL");
    }
    return ProviderEndpoint.of(vendor, baseUrl, apiKey);
  }

  private static List<ProviderListing> listings(Map<String, String> entries) {
    return Arrays.stream(Vendor.values())
        .map(vendor -> listing(vendor, entries.get(vendor.wireName())))
        .filter(Objects::nonNull)
        .toList();
  }

  private static @Nullable ProviderListing listing(Vendor vendor, @Nullable String text) {
    if (text == null) {
      return null;
    }
    Entry entry = Json.read(text, Entry.class);
    return ProviderListing.ofTenant(vendor, entry.baseUrl, entry.updatedAt, entry.embeddingModel);
  }

  private static KeySeal.Place place(TenantScope scope, Vendor vendor, ProviderEndpoint endpoint) {
    return new KeySeal.Place(scope.tenant(), vendor, endpoint.baseUrl());
  }

  private static Key hash(TenantScope scope) {
    return scope.key("providers");
  }
}
