package dev.parley.hub.switchboard;

import dev.parley.hub.loop.Edge;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.loop.Passage;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps chains finite. Calls wait for each other: a chain of them is at most {@code maxHops} long
 * and never comes back to an agent that waits in it. Nobody waits for a sent message, which may
 * therefore answer an agent that the chain has passed; with those a chain is at most {@code
 * maxChain} long. What passes and comes from an agent, the {@link LoopBreaker} sees.
 */
final class LoopGuard {
  private final int maxHops;
  private final int maxChain;
  private final LoopBreaker breaker;

  LoopGuard(SwitchboardSettings settings, LoopBreaker breaker) {
    this.maxHops = settings.maxHops();
    this.maxChain = settings.maxChain();
    this.breaker = breaker;
  }

  /**
   * Lets a message pass; answers its cause chain.
   *
   * @throws ParleyException {@code loop_detected}
   */
  List<Cause> admit(Party from, CallOrder order, AgentAddress to) {
    Edge edge = Edge.of(from, to);
    List<Cause> causes;
    try {
      causes = extend(order, to);
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
    Cause chain = charged.causes().isEmpty() ? causeIn(charged) : charged.causes().get(0);
    return new Passage(edge, order.payload(), chain, cause.charged().leadsToOneMore());
  }

  private List<Cause> extend(CallOrder order, AgentAddress to) {
    CallOrder.CallCause cause = order.cause();
    if (cause == null) {
      return List.of();
    }
    Envelope parent = cause.delivery().envelope();
    List<Cause> causes = new ArrayList<>(parent.hops() + 1);
    causes.addAll(parent.causes());
    causes.add(causeIn(parent));
    requireAtMost("maxChain", maxChain, causes.size(), to);
    if (order.kind() != Kind.SEND) {
      List<Cause> waiting = waiting(causes);
      requireAtMost("maxHops", maxHops, waiting.size(), to);
      if (cause.stated() && waiting.stream().anyMatch(link -> link.handler().equals(to))) {
        throw loop(
            "%s is already in this call chain; calling it again would go round".formatted(to));
      }
    }
    return causes;
  }

  /**
   * The cause chain of what follows from a message later: of the same, not handled and sent again,
   * or of what was scheduled while it was handled. The message is one of the causes, so that
   * nothing goes through dead letters or timers for ever.
   *
   * @throws ParleyException {@code loop_detected}
   */
  List<Cause> again(Envelope dead) {
    List<Cause> causes = new ArrayList<>(dead.causes());
    causes.add(causeIn(dead));
    requireAtMost("maxChain", maxChain, causes.size(), dead.to());
    return causes;
  }

  private static Cause causeIn(Envelope handled) {
    return new Cause(handled.id(), handled.to(), handled.kind() == Kind.SEND);
  }

  /** The end of a chain in which each handler waits for the next one. */
  private static List<Cause> waiting(List<Cause> causes) {
    for (int i = causes.size() - 1; i > 0; i--) {
      if (causes.get(i).sent()) {
        return causes.subList(i, causes.size());
      }
    }
    return causes;
  }

  private static void requireAtMost(String limit, int most, int hops, AgentAddress to) {
    if (hops > most) {
      throw loop("the call chain is longer than %d hops; the call to %s was stopped"
              .formatted(most, to))
          .with("hops", hops)
          .with(limit, most);
    }
  }

  private static ParleyException loop(String message) {
    return new ParleyException(ErrorCode.LOOP_DETECTED, message);
  }
}
