package dev.parley.chaos;

/**
 * A promise that was broken.
 *
 * @param rule which one
 * @param what with the series, ids and numbers that show it
 */
record Violation(Rule rule, String what) {
  enum Rule {
    SOMETHING_TO_JUDGE("something to judge"),
    NOTHING_ACCEPTED_IS_LOST("nothing accepted is lost"),
    NO_EFFECT_TWICE("no effect twice"),
    NO_EFFECT_UNASKED("no effect unasked"),
    ORDER("order per conversation"),
    EVERY_CALL_ANSWERED("every call answered in time"),
    STREAMS_WHOLE("streams whole and in order"),
    ONE_WRITER("one writer per session"),
    NO_BUDGET_OVERSPENT("no budget overspent"),
    RECOVERY("recovered in time");

    private final String text;

    Rule(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }
}
