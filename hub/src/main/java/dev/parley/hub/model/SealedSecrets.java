package dev.parley.hub.model;

import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;

/** Secrets of tenants that are sealed with a master key. */
public interface SealedSecrets {
  /**
   * What became of a tenant's secrets.
   *
   * @param resealed with the key that seals now; they were sealed with another one
   * @param unopened that no key of this hub opens
   */
  record Tally(int resealed, int unopened) {
    public static final Tally NONE = new Tally(0, 0);

    public Tally and(Tally other) {
      return new Tally(resealed + other.resealed, unopened + other.unopened);
    }
  }

  /**
   * Seals a tenant's secrets with the key that seals now. Those that are sealed with it stay as
   * they are, so doing it again is harmless; one that its tenant changes meanwhile stays as the
   * tenant has it.
   */
  Future<Tally> reseal(TenantScope scope);
}
