package dev.parley.hub.switchboard;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps chains of calls finite: a chain is at most {@code maxHops} long and never comes back to an
 * agent that is already in it.
 */
final class LoopGuard {
  private final int maxHops;

  LoopGuard(int maxHops) {
    this.maxHops = maxHops;
  }

  /**
   * The cause chain of a call to {@code to}.
   *
   * @throws ParleyException {@code loop_detected}
   */
  List<Cause> extend(CallOrder.@Nullable CallCause cause, AgentAddress to) {
    if (cause == null) {
      return List.of();
    }
    Envelope parent = cause.delivery().envelope();
    if (parent.hops() + 1 > maxHops) {
      throw loop("the call chain is longer than %d hops; the call to %s was stopped"
              .formatted(maxHops, to))
          .with("hops", parent.hops() + 1)
          .with("maxHops", maxHops);
    }
    if (cause.stated() && (parent.to().equals(to) || parent.passedThrough(to))) {
      throw loop("%s is already in this call chain; calling it again would go round".formatted(to));
    }
    List<Cause> causes = new ArrayList<>(parent.hops() + 1);
    causes.addAll(parent.causes());
    causes.add(new Cause(parent.id(), parent.to()));
    return causes;
  }

  /**
   * The cause chain of a message that was not handled and is sent again: the message is one of its
   * own causes, so that nothing goes through dead letters for ever.
   *
   * @throws ParleyException {@code loop_detected}
   */
  List<Cause> again(Envelope dead) {
    if (dead.hops() + 1 > maxHops) {
      throw loop("the message to %s has %d hops, each time that it was sent again among them; it was stopped"
              .formatted(dead.to(), dead.hops()))
          .with("hops", dead.hops() + 1)
          .with("maxHops", maxHops);
    }
    List<Cause> causes = new ArrayList<>(dead.causes());
    causes.add(new Cause(dead.id(), dead.to()));
    return causes;
  }

  private static ParleyException loop(String message) {
    return new ParleyException(ErrorCode.LOOP_DETECTED, message);
  }
}
