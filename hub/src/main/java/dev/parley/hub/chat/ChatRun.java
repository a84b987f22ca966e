package dev.parley.hub.chat;

import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.switchboard.Outgoing;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/** A run that somebody's chat started and that is under way. */
final class ChatRun {

  private final Run run;
  private final String input;
  private final long startedAt;
  private final Promise<Chats.Outcome> done = Promise.promise();
  private volatile boolean begun;
  private volatile String text = "";
  private volatile @Nullable Outgoing call;

  ChatRun(Run run, String input, long startedAt) {
    this.run = run;
    this.input = input;
    this.startedAt = startedAt;
  }

  Run run() {
    return run;
  }

  boolean sameInput(String other) {
    return input.equals(other);
  }

  long startedAt() {
    return startedAt;
  }

  Future<Chats.Outcome> done() {
    return done.future();
  }

  void startedBy(Outgoing outgoing) {
    call = outgoing;
  }

  /** The agent has taken it up; from now on its own events say how it goes. */
  void begin() {
    begun = true;
  }

  boolean begun() {
    return begun;
  }

  /** The agent has said this much since its last tool call. */
  void said(String soFar) {
    text = soFar;
  }

  String text() {
    return text;
  }

  boolean abort(String why) {
    Outgoing current = call;
    return current != null && current.cancel(why);
  }

  void end(Chats.Outcome outcome) {
    done.tryComplete(outcome);
  }
}
