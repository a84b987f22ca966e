package dev.parley.hub.store;

/** A Redis key inside a {@link Keyspace}. Cannot be made from a string outside this package. */
public final class Key {
  private final String tag;
  private final String value;

  Key(String tag, String value) {
    this.tag = tag;
    this.value = value;
  }

  /** What stands between the braces: keys with the same tag are on the same server. */
  String tag() {
    return tag;
  }

  String value() {
    return value;
  }

  @Override
  public String toString() {
    return value;
  }
}
