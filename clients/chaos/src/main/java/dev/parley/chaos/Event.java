package dev.parley.chaos;

/**
 * One thing that a client did or saw, or that was done to the cluster.
 *
 * @param at milliseconds since the run began, of a clock that no fault steps
 * @param series what the numbers count: one conversation, one caller, one session, one tenant
 * @param id of the message, the call or the run; empty when there is none
 * @param number of the message within its series, or an amount
 * @param note a code, a text, or empty
 */
record Event(long at, Kind kind, String series, String id, long number, String note) {

  enum Kind {
    /** A message is about to be sent for the first time. */
    SENT,
    /** The hub answered that it has the message. */
    ACCEPTED,
    /** No answer, or one that says to try again; the message may have been accepted. */
    UNSURE,
    /** The hub refused the message for good. */
    REFUSED,
    /** An agent's handler did what a message asks for. */
    EFFECT,
    /** A call was made; the number is its deadline in ms. */
    CALLED,
    /** A piece of a streamed reply; the number is its place. */
    CHUNK,
    /** A call ended with its reply; the number is of pieces that the agent sent. */
    REPLIED,
    /** A call ended with an error, the note is its code. */
    FAILED,
    /** A reply reached the person that the note names, or a room took a message. */
    ANSWERED,
    /**
     * A line of a transcript or a room as it is at the end; the note is the node that tells it, the
     * number what it is, as {@link Transcripts} says.
     */
    ROW,
    /** A node has told all rows of a transcript or a room; the number is how many, also 0. */
    TOLD,
    /** What a tenant may spend. */
    LIMIT,
    /** A tenant was refused because it may not spend more. */
    DENIED,
    /** What a tenant has spent at the end. */
    SPENT,
    /** Harm was done. */
    FAULT,
    /** And undone, as far as that is up to the run. */
    HEALED
  }
}
