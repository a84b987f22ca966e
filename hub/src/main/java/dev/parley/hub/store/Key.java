package dev.parley.hub.store;

/** A Redis key inside a {@link Keyspace}. Cannot be made from a string outside this package. */
public final class Key {
  private final String value;

  Key(String value) {
    this.value = value;
  }

  String value() {
    return value;
  }

  @Override
  public String toString() {
    return value;
  }
}
