package dev.parley.cli.shell;

import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** A failure as one line: what was refused, the details, when to try again, and the code. */
public final class ErrorLine {
  private ErrorLine() {}

  public static String of(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof ParleyException refusal) {
      return TerminalText.line(of(refusal));
    }
    return TerminalText.line(
        cause instanceof IOException
            ? "cannot use the file " + cause.getMessage()
            : cause.toString());
  }

  private static String of(ParleyException refusal) {
    StringBuilder line = new StringBuilder(refusal.text());
    refusal
        .details()
        .forEach(
            (name, value) -> {
              if (!name.equals(ParleyException.DETAIL_CODE)) {
                line.append(" · ").append(name).append(' ').append(value);
              }
            });
    if (refusal.retryAfterMs() > 0) {
      line.append(" · try again in ")
          .append(Formats.span(Duration.ofMillis(refusal.retryAfterMs())));
    }
    return line.append(" (").append(refusal.code().wireName()).append(')').toString();
  }
}
