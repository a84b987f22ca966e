package dev.parley.hub.memory;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.memory.IndexQuery.ProviderVector;
import dev.parley.hub.memory.MemoryFound.Degraded;
import dev.parley.hub.model.EmbeddingModel;
import dev.parley.hub.model.EmbeddingRun;
import dev.parley.hub.model.Embeddings;
import dev.parley.hub.model.TokenUsage;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Vectors by the tenant's provider, reserved and settled in the budget of who pays. Memory never
 * fails for its provider: a search does without, and says so. A provider that failed is left alone
 * for a while, so that not every search waits for it.
 */
final class Embedder {
  private static final Logger LOG = LoggerFactory.getLogger(Embedder.class);
  private static final Duration LEFT_ALONE = Duration.ofSeconds(15);

  private final Embeddings embeddings;
  private final Cache<String, ParleyException> failed =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(LEFT_ALONE).build();

  Embedder(Embeddings embeddings) {
    this.embeddings = embeddings;
  }

  /**
   * A query's vector.
   *
   * @param by the model that made it and can make more; null for hashing
   */
  record QueryVector(
      @Nullable EmbeddingModel by, @Nullable ProviderVector vector, @Nullable Degraded degraded) {
    static QueryVector hashing(@Nullable Degraded why) {
      return new QueryVector(null, null, why);
    }

    String provider() {
      return by == null ? HashingEmbedder.NAME : by.provider();
    }

    @Nullable String model() {
      return by == null ? null : by.id();
    }

    @Nullable String fingerprint() {
      return by == null ? null : by.fingerprint();
    }
  }

  /** The tenant's model; empty when it has none, or its key cannot be read. */
  Future<Optional<EmbeddingModel>> of(TenantScope scope) {
    return embeddings
        .of(scope)
        .recover(
            failure -> {
              LOG.debug("{} has no embedding model", scope.tenant(), failure);
              return Future.succeededFuture(Optional.empty());
            });
  }

  /** The query's vector by the tenant's model, or the reason why there is none. */
  Future<QueryVector> query(TenantScope scope, String text, Account account) {
    return embeddings
        .of(scope)
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture(QueryVector.hashing(null))
                    : query(scope, found.get(), text, account))
        .recover(failure -> Future.succeededFuture(QueryVector.hashing(degraded(failure))));
  }

  private Future<QueryVector> query(
      TenantScope scope, EmbeddingModel model, String text, Account account) {
    return embed(scope, model, List.of(text), account)
        .map(
            vectors ->
                new QueryVector(
                    model, new ProviderVector(model.fingerprint(), vectors.get(0)), null));
  }

  /** Vectors of so many texts; fails with {@code budget_exceeded}, or as the model does. */
  Future<List<float[]>> embed(
      TenantScope scope, EmbeddingModel model, List<String> texts, Account account) {
    String key = scope.tenant() + " " + model.fingerprint();
    ParleyException before = failed.getIfPresent(key);
    if (before != null) {
      return Future.failedFuture(before);
    }
    long most = model.tokensAtMost(texts);
    return account
        .reserve(most, model.price().of(most, 0))
        .compose(hold -> embed(model, texts, account, hold))
        .onFailure(
            failure -> {
              if (failure instanceof ParleyException e && e.code() != ErrorCode.BUDGET_EXCEEDED) {
                failed.put(key, e);
              }
            });
  }

  private static Future<List<float[]>> embed(
      EmbeddingModel model, List<String> texts, Account account, Account.Hold hold) {
    EmbeddingRun run = model.start(texts);
    return run.vectors()
        .transform(
            outcome -> {
              TokenUsage used = run.used();
              return account
                  .settle(hold, used.input(), 0, model.price().of(used.input(), 0))
                  .compose(
                      settled ->
                          outcome.succeeded()
                              ? Future.succeededFuture(outcome.result())
                              : Future.failedFuture(outcome.cause()));
            });
  }

  private static Degraded degraded(Throwable failure) {
    if (failure instanceof ParleyException e) {
      return new Degraded(e.code().wireName(), e.text());
    }
    LOG.error("embedding a query broke", failure);
    return new Degraded(ErrorCode.INTERNAL.wireName(), "the embedding model failed in the hub");
  }
}
