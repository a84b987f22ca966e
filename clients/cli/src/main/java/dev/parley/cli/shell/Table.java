package dev.parley.cli.shell;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows as aligned columns. On a terminal too narrow for them the widest columns give way, though
 * not the first, which names the row; what still does not fit is left out, and said to be.
 */
public final class Table {
  private static final String GAP = "  ";
  private static final int NARROWEST = 10;

  private record Column(String title, boolean right) {}

  private final List<Column> columns = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a column of text. */
  public Table text(String title) {
    columns.add(new Column(title, false));
    return this;
  }

  /** Adds a column of numbers, aligned to the right. */
  public Table number(String title) {
    columns.add(new Column(title, true));
    return this;
  }

  /** Adds a row, one cell for each column. */
  public Table row(List<String> cells) {
    rows.add(cells.stream().map(TerminalText::line).toList());
    return this;
  }

  /** Prints the titles and the rows. */
  public void print(Shell shell) {
    int terminal = shell.terminal().out() ? shell.terminal().width() : 0;
    int[] widths = widths();
    int shown = widths.length;
    if (terminal > 0) {
      shrink(widths, terminal);
      while (shown > 1 && total(widths, shown) > terminal) {
        shown--;
      }
    }
    List<String> titles = columns.stream().map(Column::title).toList();
    shell.out().println(shell.style().bold(line(titles, widths, shown)));
    for (List<String> row : rows) {
      shell.out().println(line(row, widths, shown));
    }
    if (shown < widths.length) {
      String missing = "no room for: " + String.join(", ", titles.subList(shown, widths.length));
      shell.out().println(shell.style().dim(TerminalText.fit(missing, terminal)));
    }
    shell.out().flush();
  }

  private int[] widths() {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = TerminalText.width(columns.get(i).title());
      for (List<String> row : rows) {
        widths[i] = Math.max(widths[i], TerminalText.width(row.get(i)));
      }
    }
    return widths;
  }

  private static void shrink(int[] widths, int terminal) {
    for (int excess = total(widths, widths.length) - terminal; excess > 0; excess--) {
      int widest = -1;
      for (int i = 1; i < widths.length; i++) {
        widest = widths[i] > NARROWEST && (widest < 0 || widths[i] > widths[widest]) ? i : widest;
      }
      if (widest < 0) {
        return;
      }
      widths[widest]--;
    }
  }

  private static int total(int[] widths, int columns) {
    int total = GAP.length() * (columns - 1);
    for (int i = 0; i < columns; i++) {
      total += widths[i];
    }
    return total;
  }

  private String line(List<String> cells, int[] widths, int shown) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      String cell = TerminalText.fit(cells.get(i), widths[i]);
      String padding = " ".repeat(Math.max(0, widths[i] - TerminalText.width(cell)));
      line.append(i == 0 ? "" : GAP);
      line.append(columns.get(i).right() ? padding + cell : cell + padding);
    }
    return line.toString().stripTrailing();
  }
}
