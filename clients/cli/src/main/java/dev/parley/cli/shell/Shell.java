package dev.parley.cli.shell;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What surrounds a command. The commands know nothing else of the process they run in, so a test
 * can surround them with something else.
 *
 * @param out standard output; whoever ends a line in it other than by {@code println} flushes
 */
public record Shell(
    Map<String, String> environment,
    InputStream in,
    PrintWriter out,
    PrintWriter err,
    Terminal terminal) {

  /**
   * Which streams are a terminal.
   *
   * @param width columns; 0 when unknown
   */
  public record Terminal(boolean in, boolean out, boolean err, int width) {
    public static final Terminal NONE = new Terminal(false, false, false, 0);

    /** What scripts/parley found out, since Java cannot: for example {@code in,out,err,120}. */
    static Terminal of(String facts) {
      boolean in = false;
      boolean out = false;
      boolean err = false;
      int width = 0;
      for (String fact : facts.split(",", -1)) {
        switch (fact) {
          case "in" -> in = true;
          case "out" -> out = true;
          case "err" -> err = true;
          default -> width = fact.matches("[0-9]{1,4}") ? Integer.parseInt(fact) : width;
        }
      }
      return new Terminal(in, out, err, width);
    }
  }

  /** The shell that this process was started from. Output is UTF-8 whatever the locale says. */
  public static Shell ofProcess() {
    return new Shell(
        System.getenv(),
        System.in,
        utf8(FileDescriptor.out),
        utf8(FileDescriptor.err),
        Terminal.of(System.getProperty("parley.terminal", "")));
  }

  private static PrintWriter utf8(FileDescriptor stream) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(stream), StandardCharsets.UTF_8), true);
  }

  /** A person sits at this terminal and can be asked something. */
  public boolean interactive() {
    return terminal.in() && terminal.out();
  }

  /** Colours for standard output: on a terminal, unless {@code NO_COLOR} is set. */
  public Style style() {
    return new Style(terminal.out() && wantsColour());
  }

  private boolean wantsColour() {
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(environment.get("TERM"));
  }
}
