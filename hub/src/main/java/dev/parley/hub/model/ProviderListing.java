package dev.parley.hub.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A provider a tenant can use, as the contract's {@code Provider}; never with its key.
 *
 * @param source whose key is used: {@code tenant}, {@code platform} or {@code builtin}
 * @param baseUrl where it is; null for the platform's, which are no tenant's business
 * @param updatedAt epoch milliseconds; null where the tenant has set nothing
 * @param embeddingModel makes the vectors of the tenant's memory, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProviderListing(
    String name,
    String source,
    @Nullable String baseUrl,
    @Nullable Long updatedAt,
    @Nullable String embeddingModel) {

  /** Whose key a model runs on, and so who pays its vendor. */
  public enum Source {
    TENANT,
    PLATFORM,
    BUILTIN;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static ProviderListing ofTenant(
      Vendor vendor, String baseUrl, long updatedAt, @Nullable String embeddingModel) {
    return new ProviderListing(
        vendor.wireName(), Source.TENANT.wireName(), baseUrl, updatedAt, embeddingModel);
  }

  static ProviderListing of(String name, Source source) {
    return new ProviderListing(name, source.wireName(), null, null, null);
  }
}
