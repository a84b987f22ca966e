package dev.parley.hub.session;

/** What one activation of a hosted agent commits under, until somebody takes the agent over. */
public final class FencingToken {
  /** For who commits as no activation: people, and hubs that are alone. */
  public static final FencingToken NONE = new FencingToken("", () -> {});

  private final String holder;
  private final Runnable onSuperseded;
  private volatile boolean superseded;

  FencingToken(String holder, Runnable onSuperseded) {
    this.holder = holder;
    this.onSuperseded = onSuperseded;
  }

  /** {@code <token>:<node>}, or nothing. */
  String holder() {
    return holder;
  }

  /** A commit has shown that a newer token exists. */
  void superseded() {
    superseded = true;
    onSuperseded.run();
  }

  /** Whether a newer token is known to exist. */
  public boolean isSuperseded() {
    return superseded;
  }

  @Override
  public String toString() {
    return holder.isEmpty() ? "no token" : "token " + holder;
  }
}
