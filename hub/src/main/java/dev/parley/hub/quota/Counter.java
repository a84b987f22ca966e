package dev.parley.hub.quota;

/** What the {@link Ledger} counts. */
public enum Counter {
  /** A message of the tenant to an agent. */
  CALLS("c", 0),
  /** A message that an agent of the tenant handled. */
  HANDLED("h", 1),
  /** A message that was refused. */
  REFUSED("r", 2);

  private final String field;
  private final int place;

  Counter(String field, int place) {
    this.field = field;
    this.place = place;
  }

  String field() {
    return field;
  }

  int place() {
    return place;
  }
}
