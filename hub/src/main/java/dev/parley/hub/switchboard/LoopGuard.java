package dev.parley.hub.switchboard;

import dev.parley.hub.loop.Edge;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.loop.Passage;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps chains of calls finite: a chain is at most {@code maxHops} long and never comes back to an
 * agent that is already in it. What passes and comes from an agent, the {@link LoopBreaker} sees.
 */
final class LoopGuard {
  private final int maxHops;
  private final LoopBreaker breaker;

  LoopGuard(int maxHops, LoopBreaker breaker) {
    this.maxHops = maxHops;
    this.breaker = breaker;
  }

  /** The edge that a message takes; null for one of a person. */
  static @Nullable Edge edge(Party from, AgentAddress to) {
    return from.agent() == null
        ? null
        : new Edge(new AgentAddress(from.tenant(), from.agent()), to);
  }

  /**
   * Lets a message pass; answers its cause chain.
   *
   * @throws ParleyException {@code loop_detected}
   */
  List<Cause> admit(Party from, CallOrder order, AgentAddress to) {
    Edge edge = edge(from, to);
    List<Cause> causes;
    try {
      causes = extend(order.cause(), to);
    } catch (ParleyException loop) {
      if (edge != null) {
        breaker.chainRefused(edge);
      }
      throw loop;
    }
    if (edge != null) {
      breaker.admit(passage(edge, order));
    }
    return causes;
  }

  private static Passage passage(Edge edge, CallOrder order) {
    CallOrder.CallCause cause = order.cause();
    if (cause == null) {
      return new Passage(edge, order.payload(), null, 0);
    }
    Envelope charged = cause.charged().envelope();
    Cause chain =
        charged.causes().isEmpty()
            ? new Cause(charged.id(), charged.to())
            : charged.causes().get(0);
    return new Passage(edge, order.payload(), chain, cause.charged().leadsToOneMore());
  }

  private List<Cause> extend(CallOrder.@Nullable CallCause cause, AgentAddress to) {
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

  private static ParleyException loop(String message) {
    return new ParleyException(ErrorCode.LOOP_DETECTED, message);
  }
}
