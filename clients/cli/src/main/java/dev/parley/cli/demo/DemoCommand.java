package dev.parley.cli.demo;

import dev.parley.cli.shell.ErrorLine;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code parley demo}. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Shows three tenants' agents at work on a hub of its own, what was refused and what it cost.",
      "Exits 0 only if every step did what it says. Nothing stays behind."
    },
    footer = {"", "Example:", "  parley demo"})
public final class DemoCommand implements Callable<Integer> {
  private final Shell shell;

  public DemoCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    Narrator narrator = new Narrator(shell);
    try (Stage stage = new Stage()) {
      new Story(stage, narrator).play();
      narrator.summary();
      return 0;
    } catch (ParleyException failure) {
      shell
          .err()
          .println("parley: demo: %s: %s".formatted(narrator.current(), ErrorLine.of(failure)));
      return 1;
    }
  }
}
