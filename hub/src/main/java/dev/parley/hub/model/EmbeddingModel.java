package dev.parley.hub.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.exception.HttpException;
import dev.parley.hub.outbound.GuardedHttp;
import dev.parley.hub.outbound.NetworkFailure;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model that makes vectors of texts, behind OpenAI's embeddings API ({@code POST /embeddings},
 * OpenAI API reference), which many other servers speak. One request and one short answer, so it is
 * made with the hub's own client: the library's is blocking here. Nothing is asked again; the
 * caller does without.
 */
public final class EmbeddingModel {
  /** Texts of one request. */
  public static final int MOST_TEXTS = 64;

  static final int MOST_DIMENSIONS = 4_096;
  private static final int MOST_ANSWER_BYTES = 16 << 20;
  private static final int FINGERPRINT_CHARS = 16;

  private final Vertx vertx;
  private final GuardedHttp http;
  private final ProviderEndpoint endpoint;
  private final String model;
  private final ModelPrice price;
  private final Duration timeout;

  EmbeddingModel(
      Vertx vertx,
      GuardedHttp http,
      ProviderEndpoint endpoint,
      String model,
      ModelPrice price,
      Duration timeout) {
    this.vertx = vertx;
    this.http = http;
    this.endpoint = endpoint;
    this.model = model;
    this.price = price;
    this.timeout = timeout;
  }

  /** For example {@code openai}. */
  public String provider() {
    return endpoint.vendor().wireName();
  }

  /** {@code provider/model}. */
  public String id() {
    return provider() + "/" + model;
  }

  public ModelPrice price() {
    return price;
  }

  /** Names the model and where it is: vectors of different ones cannot be compared. */
  public String fingerprint() {
    try {
      byte[] named = (endpoint.baseUrl() + "\n" + model).getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(named);
      return HexFormat.of().formatHex(hash).substring(0, FINGERPRINT_CHARS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** The most tokens these texts can have; see {@link TokenEstimate}. */
  public long tokensAtMost(List<String> texts) {
    long tokens = TokenEstimate.PER_REQUEST;
    for (String text : texts) {
      tokens += TokenEstimate.PER_MESSAGE + TokenEstimate.bytes(text);
    }
    return tokens;
  }

  /** Starts a request; at most {@value #MOST_TEXTS} texts, none empty. */
  public EmbeddingRun start(List<String> texts) {
    return new EmbeddingRun(run -> request(run, texts));
  }

  private Future<List<float[]>> request(EmbeddingRun run, List<String> texts) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(endpoint.baseUrl().replaceAll("/+$", "") + "/embeddings")
            .setConnectTimeout(LangChainProvider.CONNECT_TIMEOUT.toMillis())
            .addHeader("Content-Type", "application/json");
    endpoint.bearer().forEach(options::addHeader);
    ObjectNode body = Json.object().put("model", model).put("encoding_format", "float");
    ArrayNode input = body.putArray("input");
    texts.forEach(input::add);
    Exchange exchange = new Exchange();
    return within(
            exchange,
            http.open(options)
                .compose(
                    open -> {
                      exchange.open(open);
                      return open.send(Buffer.buffer(Json.write(body)));
                    })
                .compose(response -> receive(run, texts, response)))
        .recover(failure -> Future.failedFuture(told(failure)));
  }

  private Future<List<float[]>> receive(
      EmbeddingRun run, List<String> texts, HttpClientResponse response) {
    boolean accepted = response.statusCode() >= 200 && response.statusCode() <= 299;
    if (accepted) {
      run.use(new TokenUsage(tokensAtMost(texts), 0, false));
    }
    return body(response, accepted ? MOST_ANSWER_BYTES : ProviderExchange.MOST_ERROR_BYTES)
        .compose(
            answer ->
                accepted
                    ? vertx.executeBlocking(() -> parse(run, texts, answer.toString()), false)
                    : Future.failedFuture(
                        new HttpException(response.statusCode(), answer.toString())));
  }

  private static Future<Buffer> body(HttpClientResponse response, int most) {
    Promise<Buffer> whole = Promise.promise();
    Buffer read = Buffer.buffer();
    response.exceptionHandler(whole::tryFail);
    response.endHandler(end -> whole.tryComplete(read));
    response.handler(
        chunk -> {
          if (read.length() + chunk.length() > most) {
            whole.tryFail(new ProviderExchange.Oversized());
            response.request().reset();
          } else {
            read.appendBuffer(chunk);
          }
        });
    return whole.future();
  }

  private List<float[]> parse(EmbeddingRun run, List<String> texts, String answer) {
    JsonNode json;
    try {
      json = Json.parse("answer", answer);
    } catch (ParleyException e) {
      throw unusable("is no JSON");
    }
    long tokens = json.path("usage").path("prompt_tokens").asLong(-1);
    if (tokens >= 0 && tokens <= tokensAtMost(texts)) {
      run.use(new TokenUsage(tokens, 0, true));
    }
    float[][] vectors = new float[texts.size()][];
    for (JsonNode entry : json.path("data")) {
      int index = entry.path("index").asInt(-1);
      if (index < 0 || index >= vectors.length || vectors[index] != null) {
        throw unusable("has a vector of no text");
      }
      vectors[index] = vector(entry.path("embedding"));
    }
    List<float[]> all = new ArrayList<>();
    for (float[] vector : vectors) {
      if (vector == null || vector.length != vectors[0].length) {
        throw unusable("has not a vector of one length for each text");
      }
      all.add(vector);
    }
    return all;
  }

  private float[] vector(JsonNode numbers) {
    if (numbers.isEmpty() || numbers.size() > MOST_DIMENSIONS) {
      throw unusable("has a vector of %d dimensions".formatted(numbers.size()));
    }
    double square = 0;
    for (JsonNode number : numbers) {
      square += number.asDouble() * number.asDouble();
    }
    double length = Math.sqrt(square);
    if (length == 0 || !Double.isFinite(length)) {
      throw unusable("has a vector that points nowhere");
    }
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (numbers.path(i).asDouble() / length);
    }
    return vector;
  }

  private ParleyException unusable(String why) {
    return new ParleyException(ErrorCode.AGENT_FAILED, "the answer of %s %s".formatted(id(), why));
  }

  private ParleyException told(Throwable failure) {
    boolean known =
        failure instanceof ParleyException
            || failure instanceof HttpException
            || failure instanceof ProviderExchange.Oversized;
    Throwable reason = known ? failure : new NetworkFailure(failure);
    return ProviderFailure.of(endpoint, model, reason).error().with("provider", provider());
  }

  /** Ends the exchange with {@code deadline_exceeded} when it takes too long. */
  private <T> Future<T> within(Exchange exchange, Future<T> work) {
    Promise<T> answer = Promise.promise();
    long timer =
        vertx.setTimer(
            timeout.toMillis(),
            late -> {
              answer.tryFail(
                  new ParleyException(
                      ErrorCode.DEADLINE_EXCEEDED,
                      "%s did not answer within %d ms".formatted(id(), timeout.toMillis())));
              exchange.cancel();
            });
    work.onComplete(
        done -> {
          vertx.cancelTimer(timer);
          if (done.succeeded()) {
            answer.tryComplete(done.result());
          } else {
            answer.tryFail(done.cause());
          }
        });
    return answer.future();
  }

  /** The request as far as it has come, so that it can be given up at any time. */
  private static final class Exchange {
    private @Nullable HttpClientRequest request;
    private boolean cancelled;

    synchronized void open(HttpClientRequest opened) {
      request = opened;
      if (cancelled) {
        opened.reset();
      }
    }

    synchronized void cancel() {
      cancelled = true;
      if (request != null) {
        request.reset();
      }
    }
  }
}
