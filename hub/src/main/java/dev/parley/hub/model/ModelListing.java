package dev.parley.hub.model;

/**
 * A model a tenant can use.
 *
 * @param id {@code provider/model}
 * @param name the model's part of the id
 */
public record ModelListing(String id, String name, String provider) {
  static ModelListing of(String provider, String model) {
    return new ModelListing(provider + "/" + model, model, provider);
  }
}
