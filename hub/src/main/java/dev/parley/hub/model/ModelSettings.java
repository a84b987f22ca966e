package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * How models are run.
 *
 * @param defaultModel {@code provider/model} of agents that name none
 * @param platform the endpoints with the platform's own keys, for tenants that have set none
 * @param requestTimeout for one model run with its retries
 * @param maxOutputTokens the most tokens of one answer
 * @param attempts calls of a provider in all before its failure is told, from 1 to 10
 * @param perWord the offline model's pause after each word, from 0 to 1 s
 */
public record ModelSettings(
    String defaultModel,
    Map<Vendor, ProviderEndpoint> platform,
    Duration requestTimeout,
    int maxOutputTokens,
    int attempts,
    Duration perWord) {

  public ModelSettings {
    platform = Map.copyOf(platform);
  }

  /** The offline model, no platform keys, 2 minutes, 1,024 tokens, 3 attempts, 8 ms a word. */
  public static ModelSettings defaults() {
    return new ModelSettings(
        OfflineProvider.NAME + "/" + OfflineProvider.MODEL,
        Map.of(),
        Duration.ofMinutes(2),
        1024,
        3,
        Duration.ofMillis(8));
  }

  /**
   * With the platform's keys of the vendors the operator has enabled, from {@code OPENAI_API_KEY},
   * {@code ANTHROPIC_API_KEY} and {@code OLLAMA_BASE_URL}. A key that merely lies in the
   * environment is not used.
   *
   * @throws ParleyException {@code invalid_request} when an enabled vendor's variable is missing
   */
  public ModelSettings withPlatformKeys(Set<Vendor> enabled, Map<String, String> environment) {
    Map<Vendor, ProviderEndpoint> endpoints = new EnumMap<>(Vendor.class);
    endpoints.putAll(platform);
    for (Vendor vendor : enabled) {
      endpoints.put(vendor, endpoint(vendor, environment));
    }
    return new ModelSettings(
        defaultModel, endpoints, requestTimeout, maxOutputTokens, attempts, perWord);
  }

  public ModelSettings withDefaultModel(String model) {
    return new ModelSettings(model, platform, requestTimeout, maxOutputTokens, attempts, perWord);
  }

  public ModelSettings withPerWord(Duration pause) {
    return new ModelSettings(
        defaultModel, platform, requestTimeout, maxOutputTokens, attempts, pause);
  }

  private static ProviderEndpoint endpoint(Vendor vendor, Map<String, String> environment) {
    return switch (vendor) {
      case OPENAI -> ProviderEndpoint.of(vendor, null, required("OPENAI_API_KEY", environment));
      case ANTHROPIC ->
          ProviderEndpoint.of(vendor, null, required("ANTHROPIC_API_KEY", environment));
      case OLLAMA -> ProviderEndpoint.of(vendor, environment.get("OLLAMA_BASE_URL"), null);
    };
  }

  private static String required(String variable, Map<String, String> environment) {
    String value = environment.get(variable);
    if (value == null || value.isBlank()) {
      throw ParleyException.invalid(
          variable, variable + " is not set, and the platform's use of it is enabled");
    }
    return value.strip();
  }
}
