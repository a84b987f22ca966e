package dev.parley.cli.connect;

import dev.parley.client.AgentContext;
import dev.parley.client.AgentMessage;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Starts the program for each message: the message's text on standard input, what it prints is the
 * reply. The connection's window bounds how many run at once.
 */
final class PerMessageProgram implements Program {
  private final Children children;
  private final int maxReplyBytes;
  private final Progress progress;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Process> running = ConcurrentHashMap.newKeySet();

  PerMessageProgram(Children children, int maxReplyBytes, Progress progress) {
    this.children = children;
    this.maxReplyBytes = maxReplyBytes;
    this.progress = progress;
  }

  @Override
  public void handle(AgentMessage message, AgentContext context) {
    threads.execute(() -> answer(message, context));
  }

  @Override
  public void close() {
    threads.shutdownNow();
    running.forEach(Children::end);
  }

  private void answer(AgentMessage message, AgentContext context) {
    try {
      context.reply(Json.object().put("text", run(message, context)));
      progress.handled(true);
    } catch (ParleyException failure) {
      context.fail(failure);
      progress.handled(false);
    } catch (IOException failure) {
      context.fail(failed("the agent's program cannot be talked to: " + failure.getMessage()));
      progress.handled(false);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private String run(AgentMessage message, AgentContext context)
      throws IOException, InterruptedException {
    Process process =
        children.start(
            Map.of(
                "PARLEY_MESSAGE_ID", message.id(),
                "PARLEY_FROM", message.from(),
                "PARLEY_CONVERSATION", message.conversation()));
    running.add(process);
    try {
      context.cancelled().thenAccept(reason -> kill(process));
      long deadlineMs = Math.max(1, Duration.between(Instant.now(), message.deadline()).toMillis());
      process
          .onExit()
          .orTimeout(deadlineMs, TimeUnit.MILLISECONDS)
          .whenComplete((ended, late) -> kill(process));
      threads.execute(() -> feed(process, message.text()));
      byte[] reply = process.getInputStream().readNBytes(maxReplyBytes + 1);
      if (reply.length > maxReplyBytes) {
        throw failed("the agent's program printed more than %d bytes".formatted(maxReplyBytes));
      }
      int exitCode = process.waitFor();
      if (exitCode != 0) {
        throw failed("the agent's program ended with exit code %d".formatted(exitCode));
      }
      return new String(reply, StandardCharsets.UTF_8).strip();
    } finally {
      kill(process);
      running.remove(process);
    }
  }

  private static void feed(Process process, String text) {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException notRead) {
      // A program need not read its input.
    }
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static ParleyException failed(String why) {
    return new ParleyException(ErrorCode.AGENT_FAILED, why);
  }
}
