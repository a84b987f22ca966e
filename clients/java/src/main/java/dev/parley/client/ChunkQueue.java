package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of one streamed reply on their way out, then its answer. As many go as the caller
 * takes; the rest waits here, up to a bound, until the hub tells of more credit. Thread-safe.
 */
final class ChunkQueue {
  /** As a credit: the caller takes whatever comes. */
  static final long UNLIMITED = -1;

  private record Waiting(String frame, CompletableFuture<Void> sent) {}

  private final Socket socket;
  private final long maxChars;
  private final Queue<Waiting> waiting = new ArrayDeque<>(0);
  private long credit;
  private long waitingChars;
  private @Nullable String answer;
  private Runnable onAnswered = () -> {};

  ChunkQueue(Socket socket, long credit, long maxChars) {
    this.socket = socket;
    this.credit = credit;
    this.maxChars = maxChars;
  }

  /** Whether a chunk would go out now. */
  synchronized boolean hasCredit() {
    return credit != 0 && waiting.isEmpty();
  }

  /**
   * Sends a chunk after those before it.
   *
   * @return completes when it was handed to the network; fails with {@code rate_limited} when too
   *     much waits
   */
  synchronized CompletableFuture<Void> add(String frame) {
    if (!hasCredit()) {
      if (waitingChars + frame.length() > maxChars) {
        return CompletableFuture.failedFuture(Failures.queueFull("waiting_chunks", maxChars));
      }
      Waiting later = new Waiting(frame, new CompletableFuture<>());
      waiting.add(later);
      waitingChars += frame.length();
      return later.sent;
    }
    if (!socket.hasRoom()) {
      return CompletableFuture.failedFuture(Failures.queueFull("outgoing_characters", maxChars));
    }
    use();
    return socket.send(frame);
  }

  /** The caller takes so many more. */
  synchronized void grant(long more) {
    if (credit != UNLIMITED) {
      credit += more;
    }
    while (!waiting.isEmpty() && credit != 0) {
      Waiting next = waiting.remove();
      waitingChars -= next.frame.length();
      use();
      Stages.forward(socket.send(next.frame), next.sent);
    }
    sendAnswer();
  }

  /**
   * Sends the answer once all chunks have gone.
   *
   * @param then runs after it, unless the chunks are dropped before
   */
  synchronized void answer(String frame, Runnable then) {
    answer = frame;
    onAnswered = then;
    sendAnswer();
  }

  /** Nobody takes the rest any more. */
  void drop(ParleyException why) {
    Queue<Waiting> dropped;
    synchronized (this) {
      dropped = new ArrayDeque<>(waiting);
      waiting.clear();
      waitingChars = 0;
      answer = null;
    }
    dropped.forEach(chunk -> chunk.sent.completeExceptionally(why));
  }

  private void use() {
    if (credit != UNLIMITED) {
      credit--;
    }
  }

  private void sendAnswer() {
    String frame = answer;
    if (frame != null && waiting.isEmpty()) {
      answer = null;
      onAnswered.run();
      var unused = socket.send(frame);
    }
  }
}
