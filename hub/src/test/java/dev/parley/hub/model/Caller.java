package dev.parley.hub.model;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Calls a model from an event loop, as the hub does, and notes what arrives where. */
final class Caller {
  private static final long DEADLINE_S = 20;

  final Context context;
  final Queue<String> pieces = new ConcurrentLinkedQueue<>();
  final Queue<String> elsewhere = new ConcurrentLinkedQueue<>();
  private volatile @Nullable ModelRun running;
  private final CompletableFuture<ModelReply> reply = new CompletableFuture<>();

  Caller(Vertx vertx) {
    this.context = vertx.getOrCreateContext();
  }

  static ModelRequest request(String model, String text) {
    return request(model, List.of(new UserText(text)), List.of());
  }

  static ModelRequest request(String model, List<ModelMessage> messages, List<ToolSpec> tools) {
    return new ModelRequest(model, "", messages, tools, 1000, Duration.ofSeconds(10));
  }

  ModelRun start(ModelProvider provider, ModelRequest request) {
    return start(provider, request, piece -> {});
  }

  ModelRun start(ModelProvider provider, ModelRequest request, Consumer<String> onText) {
    CompletableFuture<ModelRun> started = new CompletableFuture<>();
    context.runOnContext(
        turn -> {
          ModelRun run =
              provider.start(
                  request,
                  piece -> {
                    noteThread("text");
                    pieces.add(piece);
                    onText.accept(piece);
                  });
          run.reply()
              .onComplete(
                  result -> {
                    noteThread("reply");
                    if (result.succeeded()) {
                      reply.complete(result.result());
                    } else {
                      reply.completeExceptionally(result.cause());
                    }
                  });
          running = run;
          started.complete(run);
        });
    return started.orTimeout(DEADLINE_S, SECONDS).join();
  }

  ModelReply call(ModelProvider provider, ModelRequest request) {
    start(provider, request);
    return reply();
  }

  ModelReply reply() {
    try {
      return reply.get(DEADLINE_S, SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("the model failed: " + e, e);
    }
  }

  ParleyException failure() {
    try {
      throw new AssertionError(
          "the model answered, reason " + reply.get(DEADLINE_S, SECONDS).reason());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ParleyException failure) {
        return failure;
      }
      throw new AssertionError("no ParleyException: " + e.getCause(), e);
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** The run, known before its first piece. */
  ModelRun running() {
    return Objects.requireNonNull(running);
  }

  boolean ended() {
    return reply.isDone();
  }

  private void noteThread(String what) {
    if (Vertx.currentContext() != context) {
      elsewhere.add(what + " on " + Thread.currentThread().getName());
    }
  }
}
