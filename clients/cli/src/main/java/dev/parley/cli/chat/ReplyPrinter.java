package dev.parley.cli.chat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.shell.Style;
import dev.parley.cli.shell.TerminalText;
import dev.parley.client.ChatListener;
import dev.parley.protocol.frame.Json;
import java.io.PrintWriter;

/** Prints a reply as it streams, and on lines of their own the tools the agent uses. */
final class ReplyPrinter implements ChatListener {
  private static final int LONGEST_NOTE = 300;

  private final PrintWriter out;
  private final Style style;
  private boolean midLine;

  ReplyPrinter(PrintWriter out, Style style) {
    this.out = out;
    this.style = style;
  }

  @Override
  public synchronized void onText(String delta) {
    midLine = !delta.endsWith("\n");
    out.print(TerminalText.of(delta));
    out.flush();
  }

  @Override
  public synchronized void onToolStarted(String tool, JsonNode arguments) {
    note(arguments.isMissingNode() ? tool : tool + " " + Json.write(arguments));
  }

  @Override
  public synchronized void onToolEnded(String tool, boolean failed, JsonNode result) {
    if (failed) {
      String text = result.path("content").path(0).path("text").asText(result.toString());
      note(tool + " failed: " + text);
    }
  }

  /** Ends the line that the reply may have left open. */
  synchronized void endLine() {
    if (midLine) {
      out.println();
      out.flush();
      midLine = false;
    }
  }

  private void note(String what) {
    endLine();
    String line = TerminalText.line(what);
    boolean fits = line.length() <= LONGEST_NOTE;
    out.println(style.dim("  [" + (fits ? line : line.substring(0, LONGEST_NOTE) + "…") + "]"));
    out.flush();
  }
}
