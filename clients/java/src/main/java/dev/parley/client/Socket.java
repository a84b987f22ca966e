package dev.parley.client;

import dev.parley.protocol.error.CloseCode;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket. The JDK's takes one text at a time and gives frames in parts; this one takes any
 * number up to a bound and gives whole frames. Its owner hears of its end exactly once.
 */
final class Socket implements WebSocket.Listener {
  /** The connection this socket belongs to. */
  interface Owner {
    void onFrame(Socket socket, String text);

    /** What was sent has gone out so far that there is room again. */
    void onRoom(Socket socket);

    void onEnd(Socket socket, int closeCode, String reason, @Nullable Throwable failure);
  }

  /** The close code that no peer sends: the connection was lost (RFC 6455, 7.1.5). */
  static final int LOST = 1006;

  private record Outgoing(String text, CompletableFuture<Void> sent) {}

  private final Owner owner;
  private final SerialExecutor events;
  private final FrameAssembler assembler;
  private final long maxQueuedChars;
  private final Queue<Outgoing> outgoing = new ArrayDeque<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable WebSocket webSocket;
  private volatile long lastHeardNanos = System.nanoTime();
  private volatile boolean paused;
  private long queuedChars;
  private boolean sending;

  Socket(Owner owner, SerialExecutor events, ClientOptions options) {
    this.owner = owner;
    this.events = events;
    this.assembler = new FrameAssembler(options.maxFrameChars());
    this.maxQueuedChars = options.maxQueuedChars();
  }

  void open(HttpClient http, HubUrl url, Duration timeout) {
    var unused =
        http.newWebSocketBuilder()
            .connectTimeout(timeout)
            .buildAsync(url.webSocket(), this)
            .whenComplete(
                (opened, failure) -> {
                  if (failure != null) {
                    end(LOST, "", failure);
                  }
                });
  }

  boolean hasRoom() {
    synchronized (outgoing) {
      return queuedChars < maxQueuedChars;
    }
  }

  /**
   * Sends a frame after those before it. Whoever can wait asks {@link #hasRoom} first.
   *
   * @return completes when the frame was handed to the network; fails with {@code unavailable} when
   *     the socket has ended
   */
  CompletableFuture<Void> send(String text) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    synchronized (outgoing) {
      if (ended.get()) {
        return CompletableFuture.failedFuture(Failures.notConnected());
      }
      queuedChars += text.length();
      outgoing.add(new Outgoing(text, sent));
    }
    pump();
    return sent;
  }

  /** Since when nothing has come from the hub, in nanoseconds; 0 while this side does not read. */
  long silentNanos() {
    return paused ? 0 : System.nanoTime() - lastHeardNanos;
  }

  /** Says goodbye; the owner hears nothing more of this socket. */
  void close(CloseCode code, String reason) {
    if (ended.compareAndSet(false, true)) {
      WebSocket opened = webSocket;
      if (opened != null) {
        var unused =
            opened
                .sendClose(code.code(), reason)
                .orTimeout(1, java.util.concurrent.TimeUnit.SECONDS)
                .whenComplete((done, failure) -> opened.abort());
      }
      dropOutgoing();
    }
  }

  /** Ends a socket that does not behave, as if it had been lost. */
  void abort(String reason) {
    WebSocket opened = webSocket;
    if (opened != null) {
      opened.abort();
    }
    end(LOST, reason, null);
  }

  @Override
  public void onOpen(WebSocket opened) {
    webSocket = opened;
    lastHeardNanos = System.nanoTime();
    if (ended.get()) {
      opened.abort();
    } else {
      opened.request(1);
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    lastHeardNanos = System.nanoTime();
    String frame;
    try {
      frame = assembler.add(data, last);
    } catch (FrameAssembler.FrameTooLargeException e) {
      close(CloseCode.TOO_BIG, "frame too large");
      owner.onEnd(this, CloseCode.TOO_BIG.code(), "the hub sent a frame that is too large", null);
      return null;
    }
    if (frame != null && !ended.get()) {
      owner.onFrame(this, frame);
    }
    paused = true;
    events.whenRoom(() -> requestNext(from));
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    requestNext(from);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
    requestNext(from);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
    requestNext(from);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    end(code, reason, null);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable failure) {
    end(LOST, "", failure);
  }

  private void requestNext(WebSocket from) {
    lastHeardNanos = System.nanoTime();
    paused = false;
    from.request(1);
  }

  private void end(int code, String reason, @Nullable Throwable failure) {
    if (ended.compareAndSet(false, true)) {
      dropOutgoing();
      owner.onEnd(this, code, reason, failure);
    }
  }

  private void dropOutgoing() {
    Outgoing[] dropped;
    synchronized (outgoing) {
      dropped = outgoing.toArray(new Outgoing[0]);
      outgoing.clear();
      queuedChars = 0;
    }
    for (Outgoing each : dropped) {
      each.sent.completeExceptionally(Failures.notConnected());
    }
  }

  /** Sends what waits; one thread at a time is between {@code sending} set and cleared. */
  private void pump() {
    while (true) {
      Outgoing next;
      WebSocket opened = webSocket;
      synchronized (outgoing) {
        if (sending || opened == null || outgoing.isEmpty()) {
          return;
        }
        next = outgoing.remove();
        sending = true;
      }
      CompletableFuture<WebSocket> handedOver = opened.sendText(next.text, true);
      if (!handedOver.isDone()) {
        var unused =
            handedOver.whenComplete(
                (done, failure) -> {
                  sent(next, failure);
                  pump();
                });
        return;
      }
      sent(next, handedOver.isCompletedExceptionally() ? Failures.notConnected() : null);
    }
  }

  private void sent(Outgoing frame, @Nullable Throwable failure) {
    boolean roomAgain;
    synchronized (outgoing) {
      sending = false;
      boolean wasFull = queuedChars >= maxQueuedChars;
      queuedChars = Math.max(0, queuedChars - frame.text.length());
      roomAgain = wasFull && queuedChars < maxQueuedChars;
    }
    if (failure == null) {
      frame.sent.complete(null);
    } else {
      frame.sent.completeExceptionally(Failures.notConnected());
    }
    if (roomAgain) {
      owner.onRoom(this);
    }
  }
}
