package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.net.http.HttpClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One logical connection, over one socket after the other: opens, shakes hands, notices when the
 * hub falls silent, and opens again.
 *
 * <p>Its state is guarded by its lock; nothing of the user's runs, and no future completes, while
 * the lock is held. Callbacks of a socket that is no longer the current one are ignored.
 */
final class HubConnection implements Socket.Owner {
  private static final System.Logger LOG = System.getLogger("dev.parley.client");
  private static final String CONNECT_ID = "connect";
  private static final String CHUNK = "agent.chunk";
  private static final int ROOM_BELOW = 256;
  private static final ThreadFactory TIMER =
      task -> {
        Thread thread = new Thread(task, "parley-client-timer");
        thread.setDaemon(true);
        return thread;
      };

  /** Who handles what comes in; called one at a time, in order, on the user's executor. */
  interface Peer {
    void onEvent(Frame.Event event);

    void onChunk(PendingRequest stream, RawJson event);

    void onRequest(Frame.Request request, Socket from);

    void onGap(Gap gap);

    void onLost();
  }

  private enum Phase {
    CONNECTING,
    OPEN,
    WAITING,
    ENDED
  }

  private final ClientOptions options;
  private final Peer peer;
  private final HttpClient http;
  private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1, TIMER);
  private final SerialExecutor events;
  private final RequestFlow requests;
  private final EventPosition position;
  private final Reconnection reconnection;
  private final CompletableFuture<Hello> first = new CompletableFuture<>();
  private final CompletableFuture<ParleyException> ended = new CompletableFuture<>();

  private Phase phase = Phase.CONNECTING;
  private @Nullable Socket socket;
  private @Nullable Hello hello;
  private @Nullable Future<?> timer;
  private @Nullable ParleyException refusal;

  HubConnection(ClientOptions options, Peer peer) {
    this.options = options;
    this.peer = peer;
    this.http = HttpClient.newBuilder().connectTimeout(options.connectTimeout()).build();
    this.events = new SerialExecutor(options.executor(), ROOM_BELOW);
    this.requests = new RequestFlow(options, timers);
    this.position = new EventPosition(options.agent() == null);
    this.reconnection =
        new Reconnection(options.urls(), options.waitForHub(), options.backoff().get());
    timers.setRemoveOnCancelPolicy(true);
    timers.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
  }

  /** Opens the first socket; completes when the hub has let it in. */
  CompletableFuture<Hello> start() {
    attempt();
    return first;
  }

  /** Completes, never exceptionally, with the reason for which the connection ended for good. */
  CompletableFuture<ParleyException> ended() {
    return ended;
  }

  synchronized @Nullable Hello hello() {
    return hello;
  }

  /** The requests of this connection. */
  RequestFlow requests() {
    return requests;
  }

  /** Runs a task in order with the events. */
  void execute(Runnable task) {
    events.execute(task);
  }

  /** Runs a task in order with the events after a while; never once the connection has ended. */
  Future<?> executeAfter(long millis, Runnable task) {
    return timers.schedule(() -> events.execute(task), millis, TimeUnit.MILLISECONDS);
  }

  void close() {
    end(Failures.closed());
  }

  private void attempt() {
    Socket opening = new Socket(this, events, options);
    HubUrl url;
    synchronized (this) {
      if (phase == Phase.ENDED) {
        return;
      }
      phase = Phase.CONNECTING;
      refusal = null;
      url = reconnection.nextUrl();
      socket = opening;
      timer =
          timers.schedule(
              () -> opening.abort("no answer to connect"),
              options.connectTimeout().toMillis(),
              TimeUnit.MILLISECONDS);
    }
    opening.open(http, url, options.connectTimeout());
  }

  @Override
  public void onFrame(Socket from, String text) {
    Frame frame;
    try {
      frame = FrameCodec.parse(text);
    } catch (ParleyException fault) {
      LOG.log(System.Logger.Level.WARNING, "the hub sent a frame that cannot be read: {0}", fault);
      return;
    }
    if (frame instanceof Frame.Response response) {
      onResponse(from, response);
    } else if (frame instanceof Frame.Event event) {
      onEvent(from, event);
    } else if (frame instanceof Frame.Request request && isCurrent(from)) {
      events.execute(() -> peer.onRequest(request, from));
    }
  }

  private void onResponse(Socket from, Frame.Response response) {
    if (response.id().equals(CONNECT_ID)) {
      onConnectAnswer(from, response);
      return;
    }
    requests.answered(response);
  }

  private void onConnectAnswer(Socket from, Frame.Response response) {
    if (!response.ok()) {
      synchronized (this) {
        refusal = FrameCodec.toException(response.error());
      }
      from.close(CloseCode.NORMAL, "");
      onEnd(from, Socket.LOST, "", null);
      return;
    }
    Hello accepted = Hello.of(response.payload());
    Gap gap;
    HubUrl url;
    synchronized (this) {
      if (from != socket || phase != Phase.CONNECTING) {
        return;
      }
      phase = Phase.OPEN;
      hello = accepted;
      gap = position.opened(accepted);
      reconnection.opened();
      url = reconnection.currentUrl();
      long tickMs = accepted.policy().tickIntervalMs();
      cancelTimer();
      timer =
          timers.scheduleAtFixedRate(
              () -> watch(from, tickMs), tickMs, tickMs, TimeUnit.MILLISECONDS);
      requests.opened(from, accepted.policy());
    }
    events.execute(() -> options.onState().accept(new ConnectionState.Connected(url, accepted)));
    if (gap != null) {
      events.execute(() -> peer.onGap(gap));
    }
    options.executor().execute(() -> first.complete(accepted));
  }

  private void onEvent(Socket from, Frame.Event event) {
    if (event.event().equals("connect.challenge")) {
      RawJson params;
      synchronized (this) {
        params = Hello.request(options, position);
      }
      var unused = from.send(FrameCodec.request(CONNECT_ID, "connect", params));
      return;
    }
    Gap gap = null;
    synchronized (this) {
      if (from != socket) {
        return;
      }
      switch (position.read(event.seq())) {
        case DUPLICATE -> {
          return;
        }
        case AFTER_A_GAP -> gap = position.gapBefore(event.seq());
        case NEXT -> {}
      }
      if (event.event().equals("shutdown")) {
        reconnection.announced(event.payload());
        requests.pause();
      }
    }
    Gap missed = gap;
    if (missed != null) {
      events.execute(() -> peer.onGap(missed));
    }
    RawJson payload = event.payload();
    if (!event.event().equals(CHUNK) || payload == null) {
      events.execute(() -> peer.onEvent(event));
      return;
    }
    PendingRequest request = streamOf(payload);
    if (request != null) {
      events.execute(() -> peer.onChunk(request, payload));
    }
  }

  /** Who takes a chunk, looked up before the final answer can end the request. */
  private @Nullable PendingRequest streamOf(RawJson chunk) {
    RawJson id = FrameCodec.members(chunk).get("requestId");
    return id == null ? null : requests.sent(Json.parse("requestId", id.text()).asText());
  }

  @Override
  public void onEnd(Socket from, int closeCode, String reason, @Nullable Throwable failure) {
    ParleyException why;
    boolean wasOpen;
    long delay;
    List<PendingRequest> failed;
    synchronized (this) {
      if (from != socket || phase == Phase.ENDED) {
        return;
      }
      cancelTimer();
      wasOpen = phase == Phase.OPEN;
      phase = Phase.WAITING;
      socket = null;
      failed = requests.lost();
      why = refusal != null ? refusal : reasonOf(closeCode, reason, failure);
      delay = reconnection.delayAfter(why, closeCode, wasOpen);
      if (delay != Reconnection.GIVE_UP) {
        timer = timers.schedule(this::attempt, delay, TimeUnit.MILLISECONDS);
      }
    }
    failed.forEach(request -> request.fail(Failures.lost(request.method())));
    if (wasOpen) {
      events.execute(peer::onLost);
    }
    if (delay == Reconnection.GIVE_UP) {
      end(why);
    } else {
      events.execute(() -> options.onState().accept(new ConnectionState.Reconnecting(why, delay)));
    }
  }

  @Override
  public void onRoom(Socket from) {
    requests.flush();
  }

  private ParleyException reasonOf(int closeCode, String reason, @Nullable Throwable failure) {
    return Reconnection.isWelcome(closeCode)
        ? Failures.unreachable(reconnection.currentUrl(), reason, failure)
        : Failures.closedByHub(closeCode, reason);
  }

  private void end(ParleyException why) {
    Socket last;
    boolean wasOpen;
    List<PendingRequest> failed;
    synchronized (this) {
      if (phase == Phase.ENDED) {
        return;
      }
      wasOpen = phase == Phase.OPEN;
      phase = Phase.ENDED;
      failed = requests.end(why);
      cancelTimer();
      last = socket;
      socket = null;
    }
    if (last != null) {
      last.close(CloseCode.NORMAL, "");
    }
    timers.shutdownNow();
    failed.forEach(request -> request.fail(why));
    if (wasOpen) {
      events.execute(peer::onLost);
    }
    events.execute(() -> options.onState().accept(new ConnectionState.Ended(why)));
    options
        .executor()
        .execute(
            () -> {
              first.completeExceptionally(why);
              ended.complete(why);
            });
  }

  private void watch(Socket watched, long tickMs) {
    if (watched.silentNanos() > TimeUnit.MILLISECONDS.toNanos(2 * tickMs)) {
      watched.abort("nothing came from the hub for %d ms".formatted(2 * tickMs));
    }
  }

  private synchronized boolean isCurrent(Socket candidate) {
    return candidate == socket;
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
