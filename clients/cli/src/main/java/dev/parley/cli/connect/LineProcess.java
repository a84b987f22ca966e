package dev.parley.cli.connect;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.client.AgentContext;
import dev.parley.client.AgentMessage;
import dev.parley.client.CallOptions;
import dev.parley.client.CallResult;
import dev.parley.client.Failures;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One process and the JSON lines exchanged with it.
 *
 * <p>Messages are numbered here: a message id is chosen by its sender, and two tenants may choose
 * the same one at the same time, so an answer by it could reach the wrong tenant.
 *
 * <p>One thread writes and one reads, since both block; the reader also waits until a chunk was
 * handed to the network, so a program is not read faster than its output goes out. Lines wait for
 * the writer in a bounded queue; a program that leaves it full does not read, and is given no more.
 */
final class LineProcess {
  private static final int MAX_CALLS = 256;
  private static final Set<ErrorCode> UNSENDABLE =
      Set.of(ErrorCode.PAYLOAD_TOO_LARGE, ErrorCode.RATE_LIMITED);
  private static final Duration LAST_WORDS = Duration.ofMillis(500);

  private final Process process;
  private final Supplying supplying;
  private final BlockingQueue<String> outgoing;
  private final Map<String, Work> underWay = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final Semaphore calls = new Semaphore(MAX_CALLS);
  private final AtomicBoolean ended = new AtomicBoolean();
  private final long startedAt = System.nanoTime();
  private final Thread writer = new Thread(this::write, "parley-program-stdin");
  private volatile boolean spoke;

  private record Work(AgentMessage message, AgentContext context) {}

  /**
   * What a process is given.
   *
   * @param client for calls that no message caused; null until the agent is connected
   * @param onEnd is told once, with the reason
   */
  record Supplying(
      int window,
      int maxLineBytes,
      Supplier<@Nullable ParleyClient> client,
      Progress progress,
      Consumer<String> onEnd) {}

  LineProcess(Process process, Supplying supplying) {
    this.process = process;
    this.supplying = supplying;
    this.outgoing = new ArrayBlockingQueue<>(4 * supplying.window() + 2 * MAX_CALLS);
  }

  void start() {
    writer.setDaemon(true);
    writer.start();
    Thread reader = new Thread(this::read, "parley-program-stdout");
    reader.setDaemon(true);
    reader.start();
    process
        .onExit()
        .thenRunAsync(
            this::end,
            CompletableFuture.delayedExecutor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS));
  }

  /** Whether the program has ever written a line. */
  boolean spoke() {
    return spoke;
  }

  boolean isBusy() {
    return !underWay.isEmpty();
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - startedAt);
  }

  /** Ends the process; what it has not answered fails. */
  void close() {
    Children.end(process);
    end();
  }

  void deliver(AgentMessage message, AgentContext context) {
    String id = "m" + numbers.incrementAndGet();
    Work work = new Work(message, context);
    underWay.put(id, work);
    boolean taken =
        outgoing.remainingCapacity() > 2 * supplying.window() && outgoing.offer(line(id, message));
    if (!taken && underWay.remove(id, work)) {
      fail(work, "the agent's program does not read its input");
      return;
    }
    context
        .cancelled()
        .thenAccept(
            reason -> {
              if (underWay.remove(id, work)) {
                say(Json.object().put("cancel", id));
              }
            });
    if (ended.get()) {
      failUnderWay("the agent's program has ended");
    }
  }

  private static String line(String id, AgentMessage message) {
    ObjectNode line =
        Json.object()
            .put("id", id)
            .put("messageId", message.id())
            .put("from", message.from())
            .put("to", message.to())
            .put("conversation", message.conversation())
            .put("kind", message.kind().name().toLowerCase(Locale.ROOT))
            .put("hops", message.hops())
            .put("deadline", message.deadline().toEpochMilli());
    line.set("payload", message.payload());
    return Json.write(line);
  }

  private void say(ObjectNode line) {
    if (!outgoing.offer(Json.write(line)) && !ended.get()) {
      supplying.progress().complain("the program does not read its input");
    }
  }

  private void write() {
    try (OutputStream stdin = process.getOutputStream()) {
      while (true) {
        String line = outgoing.take();
        stdin.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (outgoing.isEmpty()) {
          stdin.flush();
        }
      }
    } catch (IOException | InterruptedException closed) {
      // The process ended, or closed its input: then it is given nothing more.
    }
  }

  private void read() {
    BoundedLines lines = new BoundedLines(process.getInputStream(), supplying.maxLineBytes());
    try {
      for (BoundedLines.Line line = lines.next(); line != null; line = lines.next()) {
        spoke = true;
        if (!line.text().isBlank()) {
          take(line);
        }
      }
    } catch (IOException closed) {
      // The process ended.
    }
    close();
  }

  private void take(BoundedLines.Line line) {
    if (!line.whole()) {
      tooLong(line);
      return;
    }
    try {
      take(ProgramLine.parse(line.text()));
    } catch (ParleyException unreadable) {
      String beginning = line.text().substring(0, Math.min(60, line.text().length()));
      supplying
          .progress()
          .complain(
              "the program wrote a line that is none of the protocol, «%s»: %s; a program that prints"
                      .formatted(beginning, unreadable.text())
                  + " plain text needs --per-message");
    }
  }

  private void take(ProgramLine line) {
    if (line instanceof ProgramLine.Reply reply) {
      Work work = underWay.remove(reply.id());
      if (work != null) {
        work.context().reply(reply.payload());
        supplying.progress().handled(true);
      }
    } else if (line instanceof ProgramLine.Failed failed) {
      Work work = underWay.remove(failed.id());
      if (work != null) {
        fail(work, failed.message());
      }
    } else if (line instanceof ProgramLine.Chunk chunk) {
      Work work = underWay.get(chunk.id());
      if (work != null && work.message().kind() == Kind.STREAM) {
        send(work, chunk);
      }
    } else if (line instanceof ProgramLine.Call call) {
      call(call);
    }
  }

  /**
   * Sends a chunk and waits for the network, but not for the caller: the program has others, too.
   */
  private static void send(Work work, ProgramLine.Chunk chunk) {
    boolean goesNow = work.context().hasCredit();
    CompletableFuture<Void> sent =
        work.context()
            .chunk(chunk.payload())
            .exceptionally(
                unsent -> {
                  if (Failures.unwrap(unsent) instanceof ParleyException why
                      && UNSENDABLE.contains(why.code())) {
                    work.context().fail(why);
                  }
                  return null;
                });
    if (goesNow) {
      sent.join();
    }
  }

  private void call(ProgramLine.Call call) {
    Work work = call.id() == null ? null : underWay.get(call.id());
    ParleyClient client = supplying.client().get();
    if (call.id() != null && work == null) {
      answer(
          call,
          new ParleyException(ErrorCode.NOT_FOUND, "message %s has ended".formatted(call.id())));
    } else if (client == null) {
      answer(call, new ParleyException(ErrorCode.UNAVAILABLE, "the agent is not connected yet"));
    } else if (!calls.tryAcquire()) {
      answer(
          call,
          new ParleyException(
              ErrorCode.RATE_LIMITED, "%d calls are under way already".formatted(MAX_CALLS)));
    } else {
      CallOptions options = CallOptions.defaults();
      options = call.timeout() == null ? options : options.timeout(call.timeout());
      options = call.conversation() == null ? options : options.conversation(call.conversation());
      CompletableFuture<CallResult> result =
          work == null
              ? client.call(call.to(), call.payload(), options)
              : work.context().call(call.to(), call.payload(), options);
      result.whenComplete(
          (reply, failure) -> {
            calls.release();
            if (failure == null) {
              ObjectNode line = about(call).put("from", reply.from());
              line.set("reply", reply.payload());
              say(line);
            } else if (Failures.unwrap(failure) instanceof ParleyException refusal) {
              answer(call, refusal);
            } else {
              answer(call, new ParleyException(ErrorCode.INTERNAL, "the call failed"));
            }
          });
    }
  }

  private void answer(ProgramLine.Call call, ParleyException refusal) {
    ObjectNode line = about(call);
    line.putObject("error").put("code", refusal.code().wireName()).put("message", refusal.text());
    say(line);
  }

  private static ObjectNode about(ProgramLine.Call call) {
    ObjectNode line = Json.object();
    if (call.id() != null) {
      line.put("id", call.id());
    }
    return line.put("callId", call.callId());
  }

  private void tooLong(BoundedLines.Line line) {
    String why =
        "the agent's program wrote a line of more than %d bytes"
            .formatted(supplying.maxLineBytes());
    supplying.progress().complain(why);
    String id = ProgramLine.idIn(line.text());
    if (id == null) {
      failUnderWay(why);
    } else {
      Work work = underWay.remove(id);
      if (work != null) {
        fail(work, why);
      }
    }
  }

  private void end() {
    if (!process.isAlive() && ended.compareAndSet(false, true)) {
      writer.interrupt();
      String why = "the agent's program ended with exit code %d".formatted(process.exitValue());
      failUnderWay(why);
      supplying.onEnd().accept(why);
    }
  }

  private void failUnderWay(String why) {
    for (String id : List.copyOf(underWay.keySet())) {
      Work work = underWay.remove(id);
      if (work != null) {
        fail(work, why);
      }
    }
  }

  private void fail(Work work, String why) {
    work.context().fail(new ParleyException(ErrorCode.AGENT_FAILED, why));
    supplying.progress().handled(false);
  }
}
