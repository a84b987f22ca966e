package dev.parley.client;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Takes the body of an answer as UTF-8 text, up to a bound; a longer one fails. */
final class BoundedBody implements BodySubscriber<String> {
  private final BodySubscriber<String> whole =
      BodySubscribers.ofString(java.nio.charset.StandardCharsets.UTF_8);
  private final long maxBytes;
  private long bytes;
  private Flow.@Nullable Subscription source;

  BoundedBody(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  @Override
  public CompletionStage<String> getBody() {
    return whole.getBody();
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    source = subscription;
    whole.onSubscribe(subscription);
  }

  @Override
  public void onNext(List<ByteBuffer> part) {
    if (bytes > maxBytes) {
      return;
    }
    for (ByteBuffer each : part) {
      bytes += each.remaining();
    }
    if (bytes <= maxBytes) {
      whole.onNext(part);
    } else if (source != null) {
      source.cancel();
      whole.onError(Failures.answerTooLarge(maxBytes));
    }
  }

  @Override
  public void onError(Throwable failure) {
    whole.onError(failure);
  }

  @Override
  public void onComplete() {
    whole.onComplete();
  }
}
