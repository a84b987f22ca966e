package dev.parley.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.shell.Formats;
import dev.parley.cli.shell.Shell;
import dev.parley.cli.shell.Style;
import dev.parley.cli.shell.Table;
import dev.parley.cli.shell.TerminalText;
import dev.parley.client.ChatListener;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** Tells the story: each step with its outcome and time, and at the end what it came to. */
final class Narrator {
  private static final List<String> BILLED =
      List.of(
          "calls",
          "handled",
          "refused",
          "inputTokens",
          "outputTokens",
          "spentMillicents",
          "earnedMillicents");

  private final Shell shell;
  private final Style style;
  private final List<Step> steps = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();
  private final List<List<String>> bills = new ArrayList<>();
  private String current = "nothing was started";

  /** What came of a step, in words and as what the next steps use. */
  record Told<T>(String outcome, T result) {}

  private record Step(String title, double millis) {}

  Narrator(Shell shell) {
    this.shell = shell;
    this.style = shell.style();
  }

  /** Plays a step, which answers what came of it, and tells how long it took. */
  void step(String title, Supplier<String> action) {
    var unused = stepTo(title, () -> new Told<>(action.get(), title));
  }

  /** Plays a step that later ones build upon. */
  <T> T stepTo(String title, Supplier<Told<T>> action) {
    current = "step %d (%s) failed".formatted(steps.size() + 1, title);
    shell.out().println();
    shell.out().println(style.bold(steps.size() + 1 + ". " + title));
    long started = System.nanoTime();
    Told<T> told = action.get();
    double millis = (System.nanoTime() - started) / 1e6;
    steps.add(new Step(title, millis));
    shell
        .out()
        .println(
            "   " + style.good("✓ ") + told.outcome() + style.dim("  (" + millis(millis) + ")"));
    shell.out().flush();
    return told.result();
  }

  /** Which step is being played. */
  String current() {
    return current;
  }

  void asks(String tenant, String message) {
    shell.out().println("   " + style.accent(tenant + ": " + message));
  }

  /** Prints a reply as it streams. */
  ChatListener listener(String agent) {
    return new ChatListener() {
      private boolean speaking;

      @Override
      public void onText(String delta) {
        shell
            .out()
            .print(
                (speaking ? "" : "   " + agent + ": ")
                    + TerminalText.of(delta).replace("\n", "\n     "));
        shell.out().flush();
        speaking = true;
      }

      @Override
      public void onToolStarted(String tool, JsonNode arguments) {
        endLine();
        shell.out().println("   " + style.dim("[" + tool + " " + arguments + "]"));
      }

      private void endLine() {
        if (speaking) {
          shell.out().println();
          speaking = false;
        }
      }
    };
  }

  void endReply() {
    shell.out().println();
  }

  void refused(String what, ParleyException why) {
    String line = "%s: %s (%s)".formatted(what, why.text(), why.code().wireName());
    refusals.add(line);
    shell.out().println("   " + style.warning("✗ refused: " + line));
  }

  /** What a tenant used on its first and only day. */
  void bill(String tenant, JsonNode total) {
    List<String> row = new ArrayList<>(List.of(tenant));
    for (String field : BILLED) {
      row.add(Formats.count(total.path(field).asLong()));
    }
    bills.add(row);
  }

  void summary() {
    shell.out().printf("%n%s%n", style.bold("What was refused, and why"));
    refusals.forEach(line -> shell.out().println("   " + line));
    shell.out().printf("%n%s%n", style.bold("What each tenant used, and was charged"));
    Table table = new Table().text("tenant");
    List.of("calls", "handled", "refused", "tokens in", "tokens out", "spent", "earned")
        .forEach(table::number);
    bills.forEach(table::row);
    table.print(shell);
    shell.out().println(style.dim("spent and earned in millicents: 1,000 are one cent"));
    shell.out().printf("%n%s%n", style.bold("How long it took"));
    double total = 0;
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      total += step.millis();
      shell.out().printf("   %10s  %d. %s%n", millis(step.millis()), i + 1, step.title());
    }
    shell.out().printf("   %10s  in all%n", millis(total));
    shell
        .out()
        .printf(
            "%n%s%n",
            style.good(
                "Every one of the " + Formats.count(steps.size()) + " steps did what it says."));
    shell.out().flush();
  }

  private static String millis(double millis) {
    return String.format(Locale.ROOT, millis < 10 ? "%.1f ms" : "%,.0f ms", millis);
  }
}
