package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.client.AgentContext;
import dev.parley.client.AgentHandler;
import dev.parley.client.AgentMessage;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A program that runs for as long as the agent is connected and speaks JSON lines. It gets {@code
 * {"id","from","conversation","payload"}} for each message and {@code {"cancel":id}} when nobody
 * waits for it any more; it writes {@code {"id","chunk"}} as often as it likes and then {@code
 * {"id","reply"}} or {@code {"id","error"}}. Messages under way are bounded by the window.
 */
final class LineProgram implements AgentHandler, AutoCloseable {
  private static final int MAX_LINE_CHARS = 1 << 20;
  private static final int MAX_LINES_WAITING = 256;

  private final Process process;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(MAX_LINES_WAITING);
  private final Map<String, AgentContext> underWay = new ConcurrentHashMap<>();
  private final CompletableFuture<ParleyException> ended = new CompletableFuture<>();

  LineProgram(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "program-stop"));
    inBackground(this::read, "program-output");
    inBackground(this::write, "program-input");
  }

  /** Completes with the reason when the program is gone. */
  CompletableFuture<ParleyException> ended() {
    return ended;
  }

  @Override
  public @Nullable CompletionStage<? extends @Nullable Object> handle(
      AgentMessage message, AgentContext context) {
    underWay.put(message.id(), context);
    ObjectNode line =
        Json.object()
            .put("id", message.id())
            .put("from", message.from())
            .put("conversation", message.conversation());
    line.set("payload", message.payload());
    context
        .cancelled()
        .thenAccept(
            reason -> {
              if (underWay.remove(message.id()) != null) {
                tell(Json.object().put("cancel", message.id()));
              }
            });
    tell(line);
    ParleyException gone = ended.getNow(null);
    if (gone != null && underWay.remove(message.id()) != null) {
      context.fail(gone);
    }
    return null;
  }

  @Override
  public void close() {
    process.destroy();
  }

  /** Never waits for the program: the connection's own thread comes here too. */
  private void tell(ObjectNode line) {
    if (!lines.offer(Json.write(line))) {
      end("the program does not read its standard input");
    }
  }

  private void write() {
    try (BufferedWriter input = process.outputWriter(StandardCharsets.UTF_8)) {
      while (process.isAlive()) {
        input.write(lines.take());
        input.newLine();
        if (lines.isEmpty()) {
          input.flush();
        }
      }
    } catch (IOException broken) {
      end("the program does not read its standard input");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static void inBackground(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    String why = "the program ended";
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      String line = readLine(output);
      while (line != null) {
        take(line);
        line = readLine(output);
      }
    } catch (IOException e) {
      why = "the program's output cannot be read: " + e.getMessage();
    }
    end(why);
  }

  private static @Nullable String readLine(BufferedReader output) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = output.read(); c >= 0; c = output.read()) {
      if (c == '\n') {
        return line.toString();
      }
      if (line.length() == MAX_LINE_CHARS) {
        throw new IOException("a line is longer than %d characters".formatted(MAX_LINE_CHARS));
      }
      line.append((char) c);
    }
    return line.isEmpty() ? null : line.toString();
  }

  private void take(String text) {
    if (text.isBlank()) {
      return;
    }
    JsonNode line;
    try {
      line = Json.parseObject("line", text);
    } catch (ParleyException noJson) {
      System.err.println(
          "parley: the program wrote a line that is no JSON object: " + noJson.text());
      return;
    }
    String id = line.path("id").asText();
    if (line.has("chunk")) {
      AgentContext context = underWay.get(id);
      if (context != null) {
        context
            .chunk(line.get("chunk"))
            .whenComplete(
                (sent, failure) -> {
                  if (failure != null && !context.isCancelled()) {
                    System.err.println("parley: a chunk was not sent: " + Failures.line(failure));
                  }
                });
      }
      return;
    }
    AgentContext context = underWay.remove(id);
    if (context == null) {
      System.err.println("parley: the program answered «%s», which nobody waits for".formatted(id));
    } else if (line.has("error")) {
      context.fail(new ParleyException(ErrorCode.AGENT_FAILED, line.get("error").asText()));
    } else {
      context.reply(line.path("reply"));
    }
  }

  private void end(String why) {
    ParleyException reason = new ParleyException(ErrorCode.AGENT_FAILED, why);
    underWay.values().forEach(context -> context.fail(reason));
    underWay.clear();
    ended.complete(reason);
    process.destroy();
  }
}
