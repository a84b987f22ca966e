package dev.parley.cli.connect;

import dev.parley.cli.shell.Formats;
import dev.parley.client.AgentContext;
import dev.parley.client.AgentMessage;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one process of the program running: when it ends it is started again, after a wait that
 * doubles as long as the process does not live for {@link #STABLE}. After {@link #MOST_STARTS} such
 * starts in a row it is given up.
 */
final class LineProgram implements Program {
  private static final Duration STABLE = Duration.ofSeconds(10);
  static final Duration FIRST_WAIT = Duration.ofMillis(200);
  private static final int MOST_STARTS = 8;
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private final Children children;
  private final int window;
  private final int maxLineBytes;
  private final Progress progress;
  private final Duration firstWait;
  private final Consumer<ParleyException> onGivenUp;
  private @Nullable LineProcess running;
  private @Nullable ParleyClient client;
  private int starts;
  private String whyNot = "";
  private boolean closed;
  private boolean hinted;

  LineProgram(
      Children children,
      int window,
      int maxLineBytes,
      Progress progress,
      Duration firstWait,
      Consumer<ParleyException> onGivenUp) {
    this.children = children;
    this.window = window;
    this.maxLineBytes = maxLineBytes;
    this.progress = progress;
    this.firstWait = firstWait;
    this.onGivenUp = onGivenUp;
  }

  @Override
  public synchronized void start() {
    if (closed) {
      return;
    }
    Process process = children.start(Map.of());
    LineProcess[] started = new LineProcess[1];
    LineProcess lines =
        new LineProcess(
            process,
            new LineProcess.Supplying(
                window, maxLineBytes, this::client, progress, why -> restart(started[0], why)));
    started[0] = lines;
    running = lines;
    lines.start();
  }

  @Override
  public synchronized void connected(ParleyClient connection) {
    client = connection;
  }

  @Override
  public void handle(AgentMessage message, AgentContext context) {
    LineProcess process;
    String why;
    synchronized (this) {
      process = running;
      why = whyNot;
    }
    if (process == null) {
      context.fail(new ParleyException(ErrorCode.AGENT_FAILED, why));
      progress.handled(false);
    } else {
      process.deliver(message, context);
      hintAtSilence(process);
    }
  }

  @Override
  public void close() {
    LineProcess last;
    synchronized (this) {
      closed = true;
      last = running;
      running = null;
    }
    if (last != null) {
      last.close();
    }
  }

  private synchronized @Nullable ParleyClient client() {
    return client;
  }

  private synchronized void restart(LineProcess ended, String why) {
    if (closed || running != ended) {
      return;
    }
    running = null;
    starts = ended.age().compareTo(STABLE) > 0 ? 1 : starts + 1;
    startAfter(why);
  }

  private synchronized void startAfter(String why) {
    if (starts > MOST_STARTS) {
      whyNot = "%s, %d times in a row".formatted(why, starts);
      onGivenUp.accept(new ParleyException(ErrorCode.AGENT_FAILED, whyNot));
      return;
    }
    Duration wait = firstWait.multipliedBy(1L << Math.max(0, starts - 1));
    whyNot = "%s; it is started again in %s".formatted(why, Formats.span(wait));
    progress.note(whyNot);
    CompletableFuture.delayedExecutor(wait.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              try {
                start();
              } catch (ParleyException gone) {
                failedToStart(gone.text());
              }
            });
  }

  private synchronized void failedToStart(String why) {
    starts++;
    startAfter(why);
  }

  /** The mistake of those whose program reads until its input ends. */
  private synchronized void hintAtSilence(LineProcess process) {
    if (hinted || process.spoke()) {
      return;
    }
    hinted = true;
    CompletableFuture.delayedExecutor(SILENCE.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!process.spoke() && process.isBusy()) {
                progress.note(
                    "the program has not answered for %s; one that reads a message and then ends"
                            .formatted(Formats.span(SILENCE))
                        + " needs --per-message");
              }
            });
  }
}
