package dev.parley.cli.connect;

import dev.parley.cli.shell.Formats;
import dev.parley.cli.shell.Shell;
import dev.parley.cli.shell.TerminalText;
import dev.parley.client.ConnectionState;
import dev.parley.client.Failures;
import java.time.Duration;

/**
 * Tells on standard error what becomes of the connection and the program, and on a terminal how
 * many messages were handled. Thread-safe.
 */
final class Progress {
  private static final long MIN_INTERVAL_NANOS = 200_000_000;
  private static final int MOST_COMPLAINTS = 20;

  private final Shell shell;
  private boolean connected;
  private boolean retrying;
  private boolean onStatusLine;
  private long handled;
  private long failed;
  private long lastStatus;
  private int complaints;

  Progress(Shell shell) {
    this.shell = shell;
  }

  synchronized void connected(String address, int window) {
    connected = true;
    line("connected as %s; up to %d messages at once; Ctrl-C ends".formatted(address, window));
  }

  synchronized void on(ConnectionState state) {
    if (!connected) {
      return;
    }
    if (state instanceof ConnectionState.Reconnecting lost) {
      String again = Formats.span(Duration.ofMillis(lost.retryInMs()));
      if (!retrying || !Failures.isUnreachable(lost.why())) {
        line("not connected: %s; trying again in %s".formatted(lost.why().text(), again));
      }
      retrying = true;
    } else if (state instanceof ConnectionState.Connected && retrying) {
      retrying = false;
      line("connected again");
    }
  }

  synchronized void handled(boolean successfully) {
    if (successfully) {
      handled++;
    } else {
      failed++;
    }
    long now = System.nanoTime();
    if (shell.terminal().err() && (now - lastStatus > MIN_INTERVAL_NANOS || handled == 1)) {
      lastStatus = now;
      onStatusLine = true;
      shell.err().print("\r" + counts() + "\u001b[K");
      shell.err().flush();
    }
  }

  synchronized void note(String what) {
    line(what);
  }

  /** Something the program does wrong; told so often only that the log stays readable. */
  synchronized void complain(String what) {
    complaints++;
    if (complaints <= MOST_COMPLAINTS) {
      line(what);
    }
    if (complaints == MOST_COMPLAINTS) {
      line("that was complaint %d; no more of them are shown".formatted(complaints));
    }
  }

  synchronized void ended() {
    line("ended; " + counts());
  }

  private String counts() {
    return "%s handled, %s failed".formatted(Formats.count(handled), Formats.count(failed));
  }

  private void line(String what) {
    if (onStatusLine) {
      shell.err().print("\r\u001b[K");
      onStatusLine = false;
    }
    shell.err().println("parley: " + TerminalText.line(what));
    shell.err().flush();
  }
}
