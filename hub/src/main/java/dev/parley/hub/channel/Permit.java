package dev.parley.hub.channel;

import java.time.Clock;

/**
 * The answer that a call between two tenants is permitted, and under which channel. Kept in a cache
 * and shared by all calls of the same caller and agent.
 */
public final class Permit {
  /** The state of all channels from one tenant to another, over once any of them changes. */
  static final class Epoch {
    private volatile boolean over;

    void end() {
      over = true;
    }

    boolean over() {
      return over;
    }
  }

  private final Channel channel;
  private final Epoch epoch;
  private final Clock clock;

  Permit(Channel channel, Epoch epoch, Clock clock) {
    this.channel = channel;
    this.epoch = epoch;
    this.clock = clock;
  }

  public Channel channel() {
    return channel;
  }

  /**
   * Whether the permit still holds: false once it has expired or any channel between the two
   * tenants has changed, in which case ask for a permit again. A call that was registered while
   * this is true is reached by the announcement that ends the channel.
   */
  public boolean current() {
    return !epoch.over() && clock.millis() < end();
  }

  /** When the channel expires, in epoch milliseconds; far away when it does not. */
  public long end() {
    return channel.terms().end();
  }
}
