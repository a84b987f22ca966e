package dev.parley.hub.workspace;

/** What something takes of a tenant's limits, or how much more or less. */
record Tally(long bytes, long files) {
  static final Tally NOTHING = new Tally(0, 0);

  Tally plus(Tally other) {
    return new Tally(bytes + other.bytes, files + other.files);
  }

  Tally minus(Tally other) {
    return new Tally(bytes - other.bytes, files - other.files);
  }

  /** The part of it that is more, not less. */
  Tally growth() {
    return new Tally(Math.max(0, bytes), Math.max(0, files));
  }
}
