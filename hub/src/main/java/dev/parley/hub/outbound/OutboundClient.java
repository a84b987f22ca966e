package dev.parley.hub.outbound;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import java.net.InetAddress;
import java.util.concurrent.atomic.LongAdder;

/** The hub's one HTTP client. It closes with its Vert.x instance. */
public final class OutboundClient {
  private final Vertx vertx;
  private final HttpClient client;
  private final Names names;
  private final Networks ofTenants;
  private final LongAdder refused = new LongAdder();

  public OutboundClient(Vertx vertx, OutboundSettings settings) {
    this(vertx, settings, InetAddress::getAllByName);
  }

  OutboundClient(Vertx vertx, OutboundSettings settings, NameResolver resolver) {
    this.vertx = vertx;
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions().setKeepAlive(true).setKeepAliveTimeout(30),
            new PoolOptions()
                .setHttp1MaxSize(settings.connections())
                .setMaxWaitQueueSize(settings.connections()));
    this.names = new Names(vertx, resolver);
    this.ofTenants = new Networks(settings.networks());
  }

  /**
   * For addresses that a tenant has set: they lead to public addresses, or where the operator
   * allows.
   *
   * @param field the name of the address in requests, for refusals
   */
  public GuardedHttp forTenants(String field) {
    return new GuardedHttp(vertx, client, names, ofTenants, field, refused);
  }

  /** For addresses that the operator has set: they may lead anywhere. */
  public GuardedHttp forOperator() {
    return new GuardedHttp(vertx, client, names, Networks.ALL, "url", refused);
  }

  /** How many requests were refused for where they lead, by address or by redirect. */
  public long refused() {
    return refused.sum();
  }
}
