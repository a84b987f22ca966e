package dev.parley.hub.loop;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.Locale;

/**
 * An edge that was opened, as it is now.
 *
 * @param why one sentence for people, without what was said on the edge
 * @param trippedAt when it was opened the last time, in epoch milliseconds
 * @param until when messages are let through again, in epoch milliseconds
 * @param trips how often it was opened in a row
 */
public record Trip(
    Edge edge, LoopReason reason, State state, String why, long trippedAt, long until, int trips) {

  /** Whether messages pass. */
  public enum State {
    /** None do. */
    OPEN,
    /** A few do, on trial. */
    HALF_OPEN;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The object {@code Loop} of the contract. */
  public ObjectNode toJson() {
    return Json.object()
        .put("from", edge.from().toString())
        .put("to", edge.to().toString())
        .put("reason", reason.wireName())
        .put("state", state.wireName())
        .put("why", why)
        .put("trippedAt", trippedAt)
        .put("until", until)
        .put("trips", trips);
  }

  ParleyException refusal(long pauseMs) {
    return refusal(edge, reason, why).with("until", until).with("trips", trips).retryAfter(pauseMs);
  }

  static ParleyException refusal(Edge edge, LoopReason reason, String why) {
    return new ParleyException(
            ErrorCode.LOOP_DETECTED,
            "messages %s are stopped: %s; do not repeat the message, %s"
                .formatted(edge, why, remedy(reason)))
        .with("from", edge.from().toString())
        .with("to", edge.to().toString())
        .with("reason", reason.wireName());
  }

  private static String remedy(LoopReason reason) {
    return switch (reason) {
      case NO_NEW_INFORMATION -> "end the exchange, or say something new after the pause";
      case FAN_OUT, CHAIN_MESSAGES -> "finish what is under way and ask for less at once";
      case CHAIN_REFUSED -> "answer the caller instead of calling on";
      case SPEND -> "wait for the pause to end, or have an owner look at loop.list";
    };
  }
}
