package dev.parley.hub.gateway.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.ClientAddress;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.ClientAddresses;
import dev.parley.hub.gateway.IncomingBody;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.Origins;
import dev.parley.hub.gateway.OutgoingBody;
import dev.parley.hub.gateway.Refusals;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.ContractDocuments;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.CorsHandler;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Routes HTTP requests to operations. */
public final class RestGateway {
  /**
   * The name in a routing context of what tells the server that a request will take its time and
   * that its handler watches over it: a {@link Runnable}.
   */
  public static final String TAKES_ITS_TIME = "takes-its-time";

  private static final String JSON = "application/json";
  private static final long MAX_BODY_BYTES = 2 << 20;
  private static final String BEARER = "Bearer ";

  /** What pages of other origins may ask, once it is clear that they may ask at all. */
  private static final CorsHandler CORS =
      CorsHandler.create()
          .addOriginWithRegex("https?://.+")
          .allowedMethods(
              Set.of(
                  HttpMethod.GET,
                  HttpMethod.POST,
                  HttpMethod.PUT,
                  HttpMethod.PATCH,
                  HttpMethod.DELETE))
          .allowedHeaders(
              Set.of(
                  "Authorization",
                  "Content-Type",
                  "traceparent",
                  "If-Match",
                  "If-None-Match",
                  "Range"))
          .exposedHeaders(Set.of("Retry-After", "ETag", "Content-Range"))
          .maxAgeSeconds(600);

  private final OperationTable operations;
  private final Authenticator authenticator;
  private final TenantScopes scopes;
  private final HubMetrics metrics;
  private final Origins origins;
  private final ClientAddresses addresses;
  private final Map<String, String> documents;
  private final Supplier<Future<ObjectNode>> readiness;
  private final Duration transferIdle;

  /**
   * Makes the gateway.
   *
   * @param contract whose documents it serves
   * @param readiness the answer of {@code /health/ready}: an object with {@code ready}
   * @param transferIdle time in which a stream of bytes must get on
   */
  public RestGateway(
      Contract contract,
      OperationTable operations,
      Authenticator authenticator,
      TenantScopes scopes,
      HubMetrics metrics,
      Origins origins,
      ClientAddresses addresses,
      Supplier<Future<ObjectNode>> readiness,
      Duration transferIdle) {
    this.documents = documents(contract);
    this.operations = operations;
    this.authenticator = authenticator;
    this.scopes = scopes;
    this.metrics = metrics;
    this.origins = origins;
    this.addresses = addresses;
    this.readiness = readiness;
    this.transferIdle = transferIdle;
  }

  /** The router with all routes. */
  public Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.route().handler(RestGateway::addSecurityHeaders);
    router.route().handler(this::admitOrigin);
    health(router);
    documents.forEach(
        (path, text) -> router.get(path).handler(context -> answer(context, 200, text)));
    router.get("/metrics").handler(this::scrape);
    for (Operation operation : operations.operations()) {
      if (operation.takesBytes()) {
        route(router, operation);
      }
    }
    router.route("/v1/*").handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
    for (Operation operation : operations.operations()) {
      if (!operation.takesBytes()) {
        route(router, operation);
      }
    }
    router.route().last().handler(context -> fail(context, ParleyException.notFound("this path")));
    router.route().failureHandler(this::onFailure);
    router.errorHandler(400, this::onFailure);
    return router;
  }

  private void route(Router router, Operation operation) {
    if (operation.restMethod() != null && operation.restPath() != null) {
      RequestParams params = new RequestParams(operation);
      router
          .route(
              HttpMethod.valueOf(operation.restMethod()),
              operation.restPath().replaceAll("\\{(\\w+)}", ":$1"))
          .handler(context -> invoke(context, operation, params));
    }
  }

  private void invoke(RoutingContext context, Operation operation, RequestParams params) {
    if (operation.takesBytes()) {
      context.request().pause();
    }
    Future<Void> gone = hangUpOf(context);
    Future<Principal> principal =
        operation.permission() == null
            ? Future.succeededFuture(Authenticator.anonymous())
            : authenticate(context);
    principal
        .compose(
            who ->
                operations.dispatch(
                    operation.name(),
                    new Caller(
                        who,
                        scopes.of(who),
                        addressOf(context),
                        null,
                        context.request().getHeader("traceparent"),
                        gone),
                    params.of(context)))
        .compose(result -> carry(context, result))
        .onSuccess(result -> answer(context, 200, Json.write(result)))
        .onFailure(failure -> fail(context, failure))
        .onComplete(done -> context.request().resume());
  }

  /** Carries what is a stream of bytes; what comes of it is then the answer, if there is one. */
  private Future<?> carry(RoutingContext context, Object result) {
    if (result instanceof IncomingBody body) {
      return new BodyTransfer(context, transferIdle)
          .receive(body)
          .compose(answer -> carry(context, answer));
    }
    return result instanceof OutgoingBody body
        ? new BodyTransfer(context, transferIdle).send(body)
        : Future.succeededFuture(result);
  }

  private static Future<Void> hangUpOf(RoutingContext context) {
    Promise<Void> gone = Promise.promise();
    context.addEndHandler(
        end -> {
          if (end.failed()) {
            gone.tryComplete();
          }
        });
    return gone.future();
  }

  private void health(Router router) {
    for (String path : new String[] {"/health", "/healthz", "/health/live"}) {
      router
          .get(path)
          .handler(
              context ->
                  answer(
                      context,
                      200,
                      Json.write(Json.object().put("ok", true).put("status", "live"))));
    }
    for (String path : new String[] {"/ready", "/readyz", "/health/ready"}) {
      router
          .get(path)
          .handler(
              context ->
                  readiness
                      .get()
                      .onSuccess(
                          state ->
                              answer(
                                  context,
                                  state.path("ready").asBoolean() ? 200 : 503,
                                  Json.write(state)))
                      .onFailure(failure -> fail(context, failure)));
    }
  }

  private static Map<String, String> documents(Contract contract) {
    ContractDocuments documents = new ContractDocuments(contract);
    return Map.of(
        "/openapi.json", Json.write(documents.openApi()),
        "/asyncapi.json", Json.write(documents.asyncApi()),
        "/schema.json", Json.write(documents.jsonSchema()));
  }

  private void scrape(RoutingContext context) {
    authenticate(context)
        .onSuccess(
            principal -> {
              try {
                principal.require(Permission.PLATFORM_TENANTS_READ);
                context
                    .response()
                    .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                    .end(metrics.scrape());
              } catch (ParleyException refusal) {
                fail(context, refusal);
              }
            })
        .onFailure(failure -> fail(context, failure));
  }

  private void onFailure(RoutingContext context) {
    Throwable failure = context.failure();
    if (failure != null) {
      fail(context, failure);
      return;
    }
    fail(
        context,
        switch (context.statusCode()) {
          case 413 ->
              new ParleyException(
                      ErrorCode.PAYLOAD_TOO_LARGE,
                      "the body is larger than " + MAX_BODY_BYTES + " bytes")
                  .with("field", "body")
                  .with("limit", MAX_BODY_BYTES);
          case 404, 405 -> ParleyException.notFound("this path");
          default -> ParleyException.invalid("request", "the request could not be read");
        });
  }

  private static void fail(RoutingContext context, Throwable failure) {
    ParleyException refusal = Refusals.of(failure);
    ObjectNode error = FrameCodec.toJson(refusal);
    error.put("code", refusal.code().wireName());
    ObjectNode body = Json.object();
    body.set("error", error);
    HttpServerResponse response = context.response();
    if (refusal.retryAfterMs() >= 0) {
      response.putHeader("Retry-After", String.valueOf((refusal.retryAfterMs() + 999) / 1000));
    }
    if (refusal.code() == ErrorCode.UNAUTHORIZED) {
      response.putHeader("WWW-Authenticate", "Bearer");
    }
    answer(context, refusal.code().httpStatus(), Json.write(body));
  }

  private static void answer(RoutingContext context, int status, String body) {
    HttpServerResponse response = context.response();
    if (!response.ended() && !response.closed()) {
      response.setStatusCode(status).putHeader("Content-Type", JSON).end(body);
    }
  }

  /** Refuses pages of foreign origins; those that the operator allows are told that they may. */
  private void admitOrigin(RoutingContext context) {
    HttpServerRequest request = context.request();
    String origin = request.getHeader("Origin");
    if (origin == null) {
      context.next();
    } else if (!origins.admits(origin, request.getHeader("Host"))) {
      fail(
          context,
          new ParleyException(
                  ErrorCode.FORBIDDEN,
                  "pages of this origin may not talk to this hub; its operator allows one with"
                      + " --allow-origin")
              .with("field", "Origin"));
    } else if (origins.isAllowed(origin)) {
      CORS.handle(context);
    } else {
      context.next();
    }
  }

  private static void addSecurityHeaders(RoutingContext context) {
    context
        .response()
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Cache-Control", "no-store");
    context.next();
  }

  private Future<Principal> authenticate(RoutingContext context) {
    return authenticator.authenticate(bearer(context), addressOf(context));
  }

  private ClientAddress addressOf(RoutingContext context) {
    HttpServerRequest request = context.request();
    return addresses.of(request.remoteAddress(), request.headers());
  }

  private static @Nullable String bearer(RoutingContext context) {
    String header = context.request().getHeader("Authorization");
    return header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? header.substring(BEARER.length()).strip()
        : null;
  }
}
