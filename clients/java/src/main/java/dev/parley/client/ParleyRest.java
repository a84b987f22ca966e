package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request per operation, for sign-up and for short programs. Immutable and thread-safe;
 * what is made from another one shares its connections. Redirects are not followed, and nothing is
 * sent twice: the next URL is tried only when no hub was reached at one.
 */
public final class ParleyRest {
  private static final long MAX_ANSWER_BYTES = 32L << 20;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);

  private final List<HubUrl> hubs;
  private final AtomicInteger reached;
  private final HttpClient http;
  private final @Nullable String key;
  private final Duration timeout;
  private final Executor executor;

  private ParleyRest(
      List<HubUrl> hubs,
      AtomicInteger reached,
      HttpClient http,
      @Nullable String key,
      Duration timeout,
      Executor executor) {
    this.hubs = hubs;
    this.reached = reached;
    this.http = http;
    this.key = key;
    this.timeout = timeout;
    this.executor = executor;
  }

  /**
   * A client without a key, which can sign up; with a deadline of 30 s for each request.
   *
   * @param url {@code http(s)://} or {@code ws(s)://}, see {@link HubUrl#parse}
   * @param more of other nodes of the same cluster
   */
  public static ParleyRest of(String url, String... more) {
    return new ParleyRest(
        Stream.concat(Stream.of(url), Stream.of(more)).map(HubUrl::parse).toList(),
        new AtomicInteger(),
        HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build(),
        null,
        Duration.ofSeconds(30),
        ForkJoinPool.commonPool());
  }

  /** The same with an API key, which is sent as {@code Authorization: Bearer …}. */
  public ParleyRest key(String apiKey) {
    return new ParleyRest(hubs, reached, http, apiKey, timeout, executor);
  }

  /** The same with another deadline, from the request to the last byte of its answer. */
  public ParleyRest timeout(Duration time) {
    return new ParleyRest(hubs, reached, http, key, time, executor);
  }

  /** The same with futures that complete on another executor than the common pool. */
  public ParleyRest executor(Executor callbacks) {
    return new ParleyRest(hubs, reached, http, key, timeout, callbacks);
  }

  /**
   * Asks for an operation.
   *
   * @param operation an operation of the contract that has a REST route, for example {@code signup}
   *     or {@code agent.call}
   * @param params a JSON object, a map or a record; null for none
   * @return the result; cancelling it ends the request. Fails with the hub's refusal, its {@code
   *     details} and {@code retryAfterMs}; with {@code deadline_exceeded}; or with {@code
   *     unavailable} when no hub answers ({@link Failures#isUnreachable}) or the connection was
   *     lost before its answer came
   */
  public CompletableFuture<JsonNode> request(String operation, @Nullable Object params) {
    return asked(new Ask<>(operation, params, null, Answer.TEXT));
  }

  /** The files of an agent's workspace. */
  public ParleyFiles files(String agent) {
    return new ParleyFiles(this, agent);
  }

  /** Asks for an operation that takes a stream of bytes. */
  CompletableFuture<JsonNode> send(
      String operation, ObjectNode params, HttpRequest.BodyPublisher bytes) {
    return asked(new Ask<>(operation, params, bytes, Answer.TEXT));
  }

  /**
   * Asks for an operation that answers with a stream of bytes.
   *
   * @param bytes what it takes, null for none
   */
  <T> CompletableFuture<T> fetch(
      String operation,
      ObjectNode params,
      HttpRequest.@Nullable BodyPublisher bytes,
      Supplier<BodySubscriber<T>> into) {
    return asked(
        new Ask<>(
            operation,
            params,
            bytes,
            new Answer<>(
                into,
                answer -> {
                  throw noBytes();
                })));
  }

  private static ParleyException noBytes() {
    return new ParleyException(
        ErrorCode.UNAVAILABLE, "the hub answered with JSON where bytes were asked for");
  }

  private <T> CompletableFuture<T> asked(Ask<T> ask) {
    CompletableFuture<T> result = new CompletableFuture<>();
    ask(ask, reached.get(), hubs.size(), result);
    return result;
  }

  /**
   * What is asked for.
   *
   * @param bytes the body when that is no JSON
   */
  private record Ask<T>(
      String operation,
      @Nullable Object params,
      HttpRequest.@Nullable BodyPublisher bytes,
      Answer<T> answer) {}

  /**
   * What becomes of an answer that is no refusal: bytes are taken as they come, or text is read.
   *
   * @param into null for text
   */
  private record Answer<T>(
      @Nullable Supplier<BodySubscriber<T>> into, Function<JsonNode, T> ofJson) {
    static final Answer<JsonNode> TEXT = new Answer<>(null, json -> json);
  }

  /** A body that was taken as {@code T}, or is text. */
  private record Body<T>(@Nullable T bytes, @Nullable String text) {}

  private static <T> BodySubscriber<Body<T>> body(
      Answer<T> answer, HttpResponse.ResponseInfo head) {
    Supplier<BodySubscriber<T>> into = answer.into;
    return into != null && head.statusCode() == 200
        ? BodySubscribers.mapping(into.get(), whole -> new Body<>(whole, null))
        : BodySubscribers.mapping(
            new BoundedBody(MAX_ANSWER_BYTES), text -> new Body<>(null, text));
  }

  /** Asks the hub at this index, and the next when none is there. */
  private <T> void ask(Ask<T> ask, int index, int left, CompletableFuture<T> result) {
    HubUrl hub = hubs.get(index);
    HttpRequest request;
    try {
      request = request(hub, ask);
    } catch (ParleyException refusal) {
      result.completeExceptionally(refusal);
      return;
    }
    CompletableFuture<HttpResponse<Body<T>>> exchange =
        http.sendAsync(request, head -> body(ask.answer, head));
    long timeoutMs = Math.max(1, timeout.toMillis());
    exchange
        .copy()
        .orTimeout(timeoutMs, TimeUnit.MILLISECONDS)
        .whenCompleteAsync(
            (response, failure) -> {
              if (failure == null) {
                reached.set(index);
                settle(hub, ask.answer, result, response);
                return;
              }
              exchange.cancel(true);
              ParleyException why = failure(hub, ask.operation, timeoutMs, failure);
              if (left > 1 && Failures.isUnreachable(why) && !result.isDone()) {
                ask(ask, (index + 1) % hubs.size(), left - 1, result);
              } else {
                result.completeExceptionally(why);
              }
            },
            executor);
    result.whenComplete((value, failure) -> exchange.cancel(true));
  }

  private HttpRequest request(HubUrl hub, Ask<?> ask) {
    HttpRequest.Builder builder = RestRequest.of(hub, ask.operation, ask.params, ask.bytes);
    try {
      if (key != null) {
        builder.header("Authorization", "Bearer " + key);
      }
      return builder.header("Accept", "application/json").build();
    } catch (IllegalArgumentException unsendable) {
      throw ParleyException.invalid("key", "the API key has characters that no key has");
    }
  }

  private <T> void settle(
      HubUrl hub, Answer<T> answer, CompletableFuture<T> result, HttpResponse<Body<T>> response) {
    T bytes = response.body().bytes;
    if (bytes != null) {
      result.complete(bytes);
      return;
    }
    try {
      JsonNode json = read(hub, response.statusCode(), response.body().text);
      result.complete(answer.ofJson.apply(json));
    } catch (ParleyException refusal) {
      result.completeExceptionally(refusal);
    }
  }

  private JsonNode read(HubUrl hub, int status, @Nullable String text) {
    JsonNode body;
    try {
      body = Json.parse("answer", text == null ? "" : text);
    } catch (ParleyException noJson) {
      throw notFromAHub(hub, status);
    }
    if (status == 200) {
      return body;
    }
    JsonNode error = body.path("error");
    if (!error.path("code").isTextual()) {
      throw notFromAHub(hub, status);
    }
    throw FrameCodec.toException(Json.raw(error));
  }

  /** What answered is no hub: a proxy in front of it, or another server. */
  private ParleyException notFromAHub(HubUrl hub, int status) {
    boolean passing = status == 502 || status == 503 || status == 504;
    return new ParleyException(
            passing ? ErrorCode.UNAVAILABLE : ErrorCode.INVALID_REQUEST,
            "what answers at %s is no hub, or not in reach of one: HTTP status %d"
                .formatted(hub, status))
        .with("url", hub.toString())
        .with("status", status);
  }

  private ParleyException failure(HubUrl hub, String operation, long timeoutMs, Throwable failure) {
    Throwable cause = Failures.unwrap(failure);
    for (Throwable each = cause; each != null; each = each.getCause()) {
      if (each instanceof ParleyException known) {
        return known;
      }
    }
    if (cause instanceof TimeoutException) {
      return Failures.timedOut(operation, timeoutMs);
    }
    return wasReached(cause) ? Failures.lost(operation) : Failures.unreachable(hub, "", cause);
  }

  private static boolean wasReached(Throwable failure) {
    return !(failure instanceof ConnectException
        || failure instanceof HttpConnectTimeoutException
        || failure instanceof SSLException);
  }
}
