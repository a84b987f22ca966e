package dev.parley.hub.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.langchain4j.exception.HttpException;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.DefaultServerSentEventParser;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.parley.hub.outbound.GuardedHttp;
import dev.parley.hub.outbound.NetworkFailure;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One streamed HTTP exchange of LangChain4j, made by the hub's own Vert.x client.
 *
 * <p>The library's JDK client reads each stream with a blocked thread of the common pool, of which
 * a machine with two cores has one or none, and cannot cancel before the first event. Here the
 * chunks arrive on the caller's event loop; whole events are handed to the library's own parser, so
 * it never waits; {@link #cancel} closes the connection at any time. Redirects are not followed, as
 * they would carry the key to another host.
 */
final class ProviderExchange implements dev.langchain4j.http.client.HttpClient, HttpClientBuilder {
  static final int MOST_EVENT_BYTES = 1 << 20;
  static final int MOST_BODY_BYTES = 16 << 20;
  static final int MOST_ERROR_BYTES = 16 << 10;

  private final GuardedHttp http;
  private final Duration connectTimeout;
  private final Duration idleTimeout;
  private final Runnable onClosed;
  private @Nullable HttpClientRequest request;
  private boolean silent;
  private boolean cancelled;
  private boolean accepted;
  private boolean saidDone;
  private long received;
  private long retryAfterMs = -1;

  /**
   * Prepares an exchange.
   *
   * @param http lets the endpoint's address lead where it may
   * @param idleTimeout how long the provider may say nothing
   * @param onClosed when the response is complete and all its events are delivered
   */
  ProviderExchange(
      GuardedHttp http, Duration connectTimeout, Duration idleTimeout, Runnable onClosed) {
    this.http = http;
    this.connectTimeout = connectTimeout;
    this.idleTimeout = idleTimeout;
    this.onClosed = onClosed;
  }

  /** The provider answered more than any answer should have. */
  static final class Oversized extends RuntimeException {
    Oversized() {
      super("the answer is too large", null, false, false);
    }
  }

  /** Whether the provider has taken the request on. */
  boolean accepted() {
    return accepted;
  }

  /** Whether the stream had OpenAI's mark of a complete one. */
  boolean saidDone() {
    return saidDone;
  }

  /** The pause the provider asked for, negative when it did not. */
  long retryAfterMs() {
    return retryAfterMs;
  }

  /** Delivers nothing more, and lets the response come to its end so the connection can stay. */
  void finish() {
    silent = true;
  }

  /** Closes the connection, and delivers nothing more. */
  void cancel() {
    silent = true;
    cancelled = true;
    HttpClientRequest open = request;
    if (open != null) {
      open.reset();
    }
  }

  @Override
  public void execute(
      HttpRequest call, ServerSentEventParser parser, ServerSentEventListener listener) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.valueOf(call.method().name()))
            .setAbsoluteURI(call.url())
            .setConnectTimeout(connectTimeout.toMillis())
            .setIdleTimeout(idleTimeout.toMillis());
    call.headers()
        .forEach((name, values) -> values.forEach(value -> options.addHeader(name, value)));
    http.open(options)
        .compose(open -> send(open, call.body()))
        .onSuccess(response -> receive(response, parser, listener))
        .onFailure(cause -> fail(listener, failure(cause)));
  }

  private static RuntimeException failure(Throwable cause) {
    return cause instanceof ParleyException refusal ? refusal : new NetworkFailure(cause);
  }

  private Future<HttpClientResponse> send(HttpClientRequest open, String body) {
    request = open;
    if (cancelled) {
      open.reset();
    }
    return open.send(Buffer.buffer(body));
  }

  private void receive(
      HttpClientResponse response, ServerSentEventParser parser, ServerSentEventListener listener) {
    response.exceptionHandler(cause -> fail(listener, new NetworkFailure(cause)));
    if (response.statusCode() < 200 || response.statusCode() > 299) {
      refuse(response, listener);
      return;
    }
    accepted = true;
    listener.onOpen(
        SuccessfulHttpResponse.builder()
            .statusCode(response.statusCode())
            .headers(headers(response))
            .build());
    stream(response, parser, listener);
  }

  private void stream(
      HttpClientResponse response, ServerSentEventParser parser, ServerSentEventListener listener) {
    EventSplitter.Framing framing =
        parser instanceof DefaultServerSentEventParser
            ? EventSplitter.Framing.EMPTY_LINE
            : EventSplitter.Framing.LINE;
    EventSplitter events = new EventSplitter(framing, MOST_EVENT_BYTES);
    response.handler(
        chunk -> {
          received += chunk.length();
          deliver(events.add(chunk), parser, listener);
          if (events.overflows() || received > MOST_BODY_BYTES) {
            fail(listener, new Oversized());
            cancel();
          }
        });
    response.endHandler(
        end -> {
          deliver(events.rest(), parser, listener);
          if (!silent) {
            listener.onClose();
            onClosed.run();
          }
        });
  }

  private void deliver(
      byte[] events, ServerSentEventParser parser, ServerSentEventListener listener) {
    if (!silent && events.length > 0) {
      saidDone = new String(events, UTF_8).stripTrailing().endsWith("data: [DONE]");
      parser.parse(new ByteArrayInputStream(events), listener);
    }
  }

  private void refuse(HttpClientResponse response, ServerSentEventListener listener) {
    retryAfterMs = retryAfter(response);
    Buffer body = Buffer.buffer();
    Runnable report =
        () -> fail(listener, new HttpException(response.statusCode(), body.toString()));
    response.exceptionHandler(cause -> report.run());
    response.endHandler(end -> report.run());
    response.handler(
        chunk -> {
          body.appendBuffer(chunk);
          if (body.length() > MOST_ERROR_BYTES) {
            report.run();
          }
        });
  }

  private void fail(ServerSentEventListener listener, RuntimeException reason) {
    if (!silent) {
      cancel();
      listener.onError(reason);
    }
  }

  /** RFC 9110, section 10.2.3: seconds; the form with a date is left to our own pauses. */
  private static long retryAfter(HttpClientResponse response) {
    String value = response.getHeader("Retry-After");
    if (value == null || !value.matches("[0-9]{1,6}")) {
      return -1;
    }
    return Long.parseLong(value) * 1000;
  }

  private static Map<String, List<String>> headers(HttpClientResponse response) {
    Map<String, List<String>> headers = new HashMap<>();
    response.headers().names().forEach(name -> headers.put(name, response.headers().getAll(name)));
    return headers;
  }

  @Override
  public SuccessfulHttpResponse execute(HttpRequest call) {
    throw new UnsupportedOperationException("only streamed exchanges are made");
  }

  @Override
  public dev.langchain4j.http.client.HttpClient build() {
    return this;
  }

  @Override
  public Duration connectTimeout() {
    return connectTimeout;
  }

  @Override
  public HttpClientBuilder connectTimeout(Duration ignored) {
    return this;
  }

  @Override
  public Duration readTimeout() {
    return connectTimeout;
  }

  @Override
  public HttpClientBuilder readTimeout(Duration ignored) {
    return this;
  }
}
