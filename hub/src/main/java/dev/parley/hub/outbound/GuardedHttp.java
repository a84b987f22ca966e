package dev.parley.hub.outbound;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Requests to where they may go. The name is resolved once, every address it has must be allowed,
 * and the connection goes to one that was looked at, so that a name which changes its mind in
 * between gains nothing (DNS rebinding). TLS still verifies the name.
 */
public final class GuardedHttp implements Outbound {
  /** Addresses of one name that are tried when none answers. */
  private static final int MOST_ADDRESSES = 3;

  private final Vertx vertx;
  private final HttpClient client;
  private final Names names;
  private final Networks allowed;
  private final String field;
  private final LongAdder refused;

  GuardedHttp(
      Vertx vertx,
      HttpClient client,
      Names names,
      Networks allowed,
      String field,
      LongAdder refused) {
    this.vertx = vertx;
    this.client = client;
    this.names = names;
    this.allowed = allowed;
    this.field = field;
    this.refused = refused;
  }

  /**
   * Connects for a request that the caller streams, and whose size and time the caller bounds.
   *
   * @param options with host and port; redirects are not followed whatever they say
   * @return fails with {@code invalid_request} naming the address, {@code unavailable} when too
   *     many names wait to be resolved, or {@link NetworkFailure}
   */
  public Future<HttpClientRequest> open(RequestOptions options) {
    options.setFollowRedirects(false);
    return names.resolve(options.getHost()).compose(addresses -> connect(options, addresses));
  }

  @Override
  public Future<OutboundResponse> send(OutboundRequest request, OutboundLimits limits) {
    return new Exchange(vertx, this, limits).start(request);
  }

  private Future<HttpClientRequest> connect(RequestOptions options, List<InetAddress> addresses) {
    if (!addresses.stream().allMatch(allowed::contain)) {
      refused.increment();
      return Future.failedFuture(
          ParleyException.invalid(
              field,
              "%s is not a public address; the operator can allow private ones with --outbound-networks"
                  .formatted(options.getHost())));
    }
    return connect(options, addresses, 0);
  }

  private Future<HttpClientRequest> connect(
      RequestOptions options, List<InetAddress> addresses, int index) {
    String address = addresses.get(index).getHostAddress();
    RequestOptions directed =
        new RequestOptions(options)
            .setServer(SocketAddress.inetSocketAddress(options.getPort(), address));
    return client
        .request(directed)
        .recover(
            cause -> {
              NetworkFailure failure = new NetworkFailure(cause);
              int next = index + 1;
              boolean another = next < Math.min(addresses.size(), MOST_ADDRESSES);
              return failure.unreached() && another
                  ? connect(options, addresses, next)
                  : Future.failedFuture(failure);
            });
  }

  ParleyException redirected(RequestOptions from) {
    refused.increment();
    return new ParleyException(
            ErrorCode.FORBIDDEN,
            "%s redirects to another host, which is not followed".formatted(from.getHost()))
        .with("reason", "redirect");
  }

  static RequestOptions options(OutboundRequest request) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.valueOf(request.method()))
            .setAbsoluteURI(request.url().toString());
    request.headers().forEach(options::putHeader);
    return options;
  }
}
