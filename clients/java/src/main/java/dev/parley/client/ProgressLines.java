package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** An answer of lines of JSON: how far it is, and last what it came to. */
final class ProgressLines implements Flow.Subscriber<String> {
  private final Consumer<JsonNode> progress;
  private ObjectNode last = Json.object();

  private ProgressLines(Consumer<JsonNode> progress) {
    this.progress = progress;
  }

  /** Gives the last line. */
  static BodySubscriber<ObjectNode> subscriber(Consumer<JsonNode> progress) {
    return BodySubscribers.fromLineSubscriber(
        new ProgressLines(progress), lines -> lines.last, StandardCharsets.UTF_8, "\n");
  }

  /**
   * What the last line says.
   *
   * @throws ParleyException the hub's refusal; {@code unavailable} when there was no last line
   */
  static JsonNode result(ObjectNode last) {
    if (last.path("error").isObject()) {
      throw FrameCodec.toException(Json.raw(last.path("error")));
    }
    if (!last.path("result").isObject()) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE, "the answer broke off; what it was about may have been done");
    }
    return last.path("result");
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(String line) {
    last = Json.parseObject("answer", line);
    if (last.path("progress").isObject()) {
      progress.accept(last.path("progress"));
    }
  }

  @Override
  public void onError(Throwable failure) {}

  @Override
  public void onComplete() {}
}
