package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Settings of a {@link ParleyClient}; every one but {@link #url} has a default. */
public final class ParleyClientBuilder {
  private static final System.Logger LOG = System.getLogger("dev.parley.client");

  private final List<HubUrl> urls = new ArrayList<>();
  private @Nullable String key;
  private @Nullable String agent;
  private int window = 16;
  private int remembered = 10_000;
  private String displayName = "parley-java";
  private Duration connectTimeout = Duration.ofSeconds(15);
  private Duration requestTimeout = Duration.ofSeconds(30);
  private Duration waitForHub = Duration.ZERO;
  private int maxInFlight = 1024;
  private int maxQueued = 4096;
  private long maxQueuedChars = 8L << 20;
  private int maxFrameChars = 26_214_400;
  private Executor executor = ForkJoinPool.commonPool();
  private Consumer<Gap> onGap =
      gap -> LOG.log(System.Logger.Level.WARNING, "events were missed: {0}", gap);
  private Consumer<ConnectionState> onState = state -> {};
  private Supplier<Backoff> backoff = Backoff::standard;

  ParleyClientBuilder() {}

  /**
   * A hub, or one node of it; may be called several times, and they are tried in that order.
   *
   * @param url {@code http(s)://} or {@code ws(s)://}, see {@link HubUrl#parse}
   */
  public ParleyClientBuilder url(String url) {
    urls.add(HubUrl.parse(url));
    return this;
  }

  /** The API key. It is sent in the first frame, never in a URL. */
  public ParleyClientBuilder key(String apiKey) {
    key = apiKey;
    return this;
  }

  /** A name that operators and colleagues see in presence; default {@code parley-java}. */
  public ParleyClientBuilder displayName(String name) {
    displayName = name;
    return this;
  }

  /** Time for one socket to be opened and let in; default 15 s. */
  public ParleyClientBuilder connectTimeout(Duration timeout) {
    connectTimeout = positive("connectTimeout", timeout);
    return this;
  }

  /** Time for an answer, waiting for a socket included; default 30 s. */
  public ParleyClientBuilder requestTimeout(Duration timeout) {
    requestTimeout = positive("requestTimeout", timeout);
    return this;
  }

  /**
   * How long {@link #connect} goes on trying when no hub answers; default zero: each address once.
   * Once connected, a client tries for ever.
   */
  public ParleyClientBuilder waitForHub(Duration time) {
    waitForHub = time;
    return this;
  }

  /** Requests under way at once; default 1024, and never more than the hub's policy. */
  public ParleyClientBuilder maxInFlight(int requests) {
    maxInFlight = positive("maxInFlight", requests);
    return this;
  }

  /** Requests that may wait to be sent; default 4096. */
  public ParleyClientBuilder maxQueued(int requests) {
    maxQueued = positive("maxQueued", requests);
    return this;
  }

  /** Characters that may wait to be sent; default 8 Mi. */
  public ParleyClientBuilder maxQueuedChars(long chars) {
    if (chars < 1) {
      throw ParleyException.invalid("maxQueuedChars", "maxQueuedChars must be at least 1");
    }
    maxQueuedChars = chars;
    return this;
  }

  /** Longest frame that is read; default 26,214,400 characters. */
  public ParleyClientBuilder maxFrameChars(int chars) {
    maxFrameChars = positive("maxFrameChars", chars);
    return this;
  }

  /**
   * Messages that an agent handles at once; default 16, at most 10,000. What is more waits at the
   * hub, or goes to another socket of the same agent.
   */
  public ParleyClientBuilder window(int messages) {
    window = positive("window", messages);
    return this;
  }

  /**
   * How many sent messages an agent remembers, so that its handler does not get one twice that was
   * delivered twice; default 10,000. 0 remembers none: the handler must bear repetition itself.
   */
  public ParleyClientBuilder remembered(int messages) {
    if (messages < 0) {
      throw ParleyException.invalid("remembered", "remembered must not be negative");
    }
    remembered = messages;
    return this;
  }

  /**
   * Where futures complete and listeners run; default the common pool. With {@code Runnable::run}
   * they run on the socket's thread, which saves a hand-over and must then never be blocked.
   */
  public ParleyClientBuilder executor(Executor callbacks) {
    executor = callbacks;
    return this;
  }

  /** Told when events were missed for good; default a warning in the log. */
  public ParleyClientBuilder onGap(Consumer<Gap> listener) {
    onGap = listener;
    return this;
  }

  /** Told when the connection comes and goes. */
  public ParleyClientBuilder onState(Consumer<ConnectionState> listener) {
    onState = listener;
    return this;
  }

  /**
   * Opens the connection.
   *
   * @return completes when the hub has let the client in; fails with {@code unavailable} when none
   *     answers ({@link Failures#isUnreachable}), or with the hub's refusal, for example {@code
   *     unauthorized}
   */
  public CompletableFuture<ParleyClient> connect() {
    return new ParleyClient(options(), null).start();
  }

  /**
   * Opens the connection in the role agent: messages to the agent go to the handler from now on.
   *
   * @param id the agent's id, for example {@code worker}; it must be defined, of kind {@code
   *     remote}, and the key must be allowed to be it
   * @return completes when the hub has let the agent in; fails as {@link #connect}, and with {@code
   *     not_found} or {@code conflict} when there is no such remote agent
   */
  public CompletableFuture<ParleyAgent> connectAgent(String id, AgentHandler handler) {
    agent = id;
    return new ParleyAgent(options(), handler).start();
  }

  ParleyClientBuilder backoff(Supplier<Backoff> waits) {
    backoff = waits;
    return this;
  }

  ClientOptions options() {
    if (urls.isEmpty()) {
      throw ParleyException.invalid("url", "a client needs the URL of a hub");
    }
    return new ClientOptions(
        List.copyOf(urls),
        key,
        agent,
        window,
        remembered,
        displayName,
        version(),
        connectTimeout,
        requestTimeout,
        waitForHub,
        maxInFlight,
        maxQueued,
        maxQueuedChars,
        maxFrameChars,
        executor,
        onGap,
        onState,
        backoff);
  }

  private static String version() {
    String version = ParleyClientBuilder.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  private static Duration positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw ParleyException.invalid(name, name + " must be more than zero, got " + value);
    }
    return value;
  }

  private static int positive(String name, int value) {
    if (value < 1) {
      throw ParleyException.invalid(name, name + " must be at least 1, got " + value);
    }
    return value;
  }
}
