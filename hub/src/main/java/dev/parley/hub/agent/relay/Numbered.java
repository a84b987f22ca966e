package dev.parley.hub.agent.relay;

/** A number, a space and a text, as messages between nodes are written. */
record Numbered(long number, String text) {

  /**
   * Reads one.
   *
   * @throws NumberFormatException when it does not begin with a number and a space
   */
  static Numbered parse(String message) {
    int end = message.indexOf(' ');
    if (end < 0) {
      throw new NumberFormatException("no number before the text");
    }
    return new Numbered(Long.parseLong(message.substring(0, end)), message.substring(end + 1));
  }

  @Override
  public String toString() {
    return number + " " + text;
  }
}
