package dev.parley.hub.outbound;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request with its redirects, until the answer is whole or a limit is reached. All of it
 * happens on one context.
 */
final class Exchange {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final Vertx vertx;
  private final GuardedHttp http;
  private final OutboundLimits limits;
  private final Promise<OutboundResponse> answer = Promise.promise();
  private @Nullable HttpClientRequest open;
  private boolean ended;
  private int redirects;

  Exchange(Vertx vertx, GuardedHttp http, OutboundLimits limits) {
    this.vertx = vertx;
    this.http = http;
    this.limits = limits;
  }

  Future<OutboundResponse> start(OutboundRequest request) {
    vertx.getOrCreateContext().runOnContext(turn -> begin(request));
    return answer.future();
  }

  private void begin(OutboundRequest request) {
    long timer =
        vertx.setTimer(
            Math.max(1, limits.timeout().toMillis()), late -> fail(late(request.url().getHost())));
    answer.future().onComplete(done -> vertx.cancelTimer(timer));
    attempt(request);
  }

  private void attempt(OutboundRequest request) {
    RequestOptions options;
    try {
      options =
          GuardedHttp.options(request)
              .setConnectTimeout(limits.timeout().toMillis())
              .setIdleTimeout(limits.timeout().toMillis());
    } catch (RuntimeException malformed) {
      fail(ParleyException.invalid("url", "the address cannot be read"));
      return;
    }
    http.open(options)
        .compose(connected -> send(connected, request))
        .onSuccess(response -> receive(request, options, response))
        .onFailure(cause -> fail(failure(options.getHost(), cause)));
  }

  private Future<HttpClientResponse> send(HttpClientRequest connected, OutboundRequest request) {
    open = connected;
    if (ended) {
      connected.reset();
    }
    Buffer body = request.body();
    return body == null ? connected.send() : connected.send(body);
  }

  private void receive(
      OutboundRequest request, RequestOptions options, HttpClientResponse response) {
    URI target = target(request, response);
    if (target != null) {
      follow(request, options, target);
      return;
    }
    Buffer body = Buffer.buffer();
    response.exceptionHandler(cause -> fail(failure(options.getHost(), cause)));
    response.handler(
        chunk -> {
          if (body.length() + chunk.length() > limits.maxBytes()) {
            fail(tooLong(options.getHost()));
          } else {
            body.appendBuffer(chunk);
          }
        });
    response.endHandler(
        end -> {
          if (!ended) {
            ended = true;
            answer.complete(new OutboundResponse(response.statusCode(), response.headers(), body));
          }
        });
  }

  private void follow(OutboundRequest request, RequestOptions options, URI target) {
    if (!sameOrigin(request.url(), target)) {
      fail(http.redirected(options));
      return;
    }
    redirects++;
    if (redirects > limits.maxRedirects()) {
      fail(
          new ParleyException(
              ErrorCode.AGENT_FAILED,
              "%s redirects more than %d times"
                  .formatted(options.getHost(), limits.maxRedirects())));
      return;
    }
    HttpClientRequest left = open;
    if (left != null) {
      left.reset();
    }
    attempt(request.to(target));
  }

  /** Where a redirect that may be followed leads; null for any other answer. */
  private static @Nullable URI target(OutboundRequest request, HttpClientResponse response) {
    String location = response.getHeader(HttpHeaders.LOCATION);
    if (!request.isSafe() || location == null || !REDIRECTS.contains(response.statusCode())) {
      return null;
    }
    try {
      return request.url().resolve(location);
    } catch (IllegalArgumentException malformed) {
      return URI.create("about:blank");
    }
  }

  private static boolean sameOrigin(URI from, URI to) {
    return to.getHost() != null
        && to.getRawUserInfo() == null
        && from.getScheme().equalsIgnoreCase(to.getScheme())
        && from.getHost().equalsIgnoreCase(to.getHost())
        && port(from) == port(to);
  }

  private static int port(URI url) {
    if (url.getPort() >= 0) {
      return url.getPort();
    }
    return url.getScheme().toLowerCase(Locale.ROOT).equals("https") ? 443 : 80;
  }

  private void fail(ParleyException failure) {
    if (ended) {
      return;
    }
    ended = true;
    HttpClientRequest request = open;
    if (request != null) {
      request.reset();
    }
    answer.fail(failure);
  }

  private static ParleyException failure(String host, Throwable cause) {
    if (cause instanceof ParleyException known) {
      return known;
    }
    NetworkFailure network =
        cause instanceof NetworkFailure known ? known : new NetworkFailure(cause);
    return new ParleyException(
        ErrorCode.UNAVAILABLE, "%s cannot be reached (%s)".formatted(host, network.getMessage()));
  }

  private ParleyException late(String host) {
    return new ParleyException(
        ErrorCode.DEADLINE_EXCEEDED,
        "%s has not answered within %d ms".formatted(host, limits.timeout().toMillis()));
  }

  private ParleyException tooLong(String host) {
    return new ParleyException(
        ErrorCode.AGENT_FAILED,
        "%s answered with more than %d bytes".formatted(host, limits.maxBytes()));
  }
}
