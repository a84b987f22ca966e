package dev.parley.hub.model;

import java.time.Duration;
import java.util.List;

/**
 * A model that is ready to run for a tenant.
 *
 * @param id {@code provider/model}
 * @param source whose key it runs on
 * @param price what the platform charges; nothing for a key of the tenant's own
 */
public record ResolvedModel(
    String id,
    ModelProvider provider,
    String model,
    ProviderListing.Source source,
    ModelPrice price,
    int maxOutputTokens,
    Duration timeout) {

  /** A request to this model with the settings' limits. */
  public ModelRequest request(String system, List<ModelMessage> messages, List<ToolSpec> tools) {
    return new ModelRequest(model, system, messages, tools, maxOutputTokens, timeout);
  }
}
