package dev.parley.cli.profile;

/**
 * A hub, and an API key to it.
 *
 * @param name what its user calls it; the tenant's name after a sign-up
 */
public record Profile(String name, String url, String key) {
  /** Without the secret, which a record's own text would show. */
  @Override
  public String toString() {
    return "profile " + name + " at " + url;
  }
}
