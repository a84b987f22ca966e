package dev.parley.hub.chat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.chat.Chats.Outcome;
import dev.parley.hub.session.Appended;
import dev.parley.hub.session.RunEnd;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.Sessions;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The runs that clients of this node have started and another node keeps, until they end. When that
 * node dies nobody else says how they end: they end here, as failed, and who writes that first
 * tells everybody who watches.
 */
final class FollowedRuns {
  private static final int MOST = 100_000;
  private static final Duration LONGEST = Duration.ofHours(1);

  /** A run, the node that keeps it, and what its client said. */
  private record Followed(
      String node,
      TenantScope scope,
      Run run,
      String message,
      long startedAt,
      AtomicBoolean ending,
      Promise<Outcome> outcome) {}

  private final Sessions sessions;
  private final ChatRuns here;
  private final Clock clock;
  private final Cache<RunKey, Followed> followed =
      Caffeine.newBuilder()
          .maximumSize(MOST)
          .expireAfterWrite(LONGEST)
          .<RunKey, Followed>evictionListener((key, one, cause) -> giveUp(one))
          .build();

  FollowedRuns(Sessions sessions, ChatRuns here, Clock clock) {
    this.sessions = sessions;
    this.here = here;
    this.clock = clock;
  }

  /**
   * Follows a run.
   *
   * @param ask asks its node for the outcome, within the time given
   */
  void follow(
      String node,
      TenantScope scope,
      Run run,
      String message,
      Function<Duration, Future<Outcome>> ask) {
    RunKey key = RunKey.of(run);
    Followed one =
        new Followed(
            node, scope, run, message, clock.millis(), new AtomicBoolean(), Promise.promise());
    if (followed.asMap().putIfAbsent(key, one) != null) {
      return;
    }
    ask.apply(LONGEST)
        .onSuccess(
            outcome -> {
              followed.asMap().remove(key, one);
              one.outcome.tryComplete(outcome);
            })
        .onFailure(
            failure -> {
              if (!isUnavailable(failure)) {
                followed.asMap().remove(key, one);
                one.outcome.tryFail(failure);
              }
            });
  }

  private static void giveUp(@Nullable Followed one) {
    if (one != null) {
      one.outcome.tryFail(
          new ParleyException(
              ErrorCode.UNAVAILABLE, "the hub does not follow the run any more; see chat.history"));
    }
  }

  /** A node that does not answer may be dying, which {@link #keepOnly} will say. */
  private static boolean isUnavailable(Throwable failure) {
    return failure instanceof ParleyException known && known.code() == ErrorCode.UNAVAILABLE;
  }

  long count() {
    return followed.estimatedSize();
  }

  /** How a run ends that is followed; null when it is not. */
  @Nullable Future<Outcome> outcome(RunKey key) {
    Followed one = followed.getIfPresent(key);
    return one == null ? null : one.outcome.future();
  }

  /** Ends the runs of other nodes than these, each once. */
  void keepOnly(Set<String> nodes) {
    followed
        .asMap()
        .forEach(
            (key, one) -> {
              if (!nodes.contains(one.node) && one.ending.compareAndSet(false, true)) {
                end(key, one);
              }
            });
  }

  private void end(RunKey key, Followed one) {
    sessions
        .statusOf(one.scope, one.run.session(), one.run.runId(), one.message)
        .compose(
            status ->
                status.isEmpty()
                    ? Future.<@Nullable SessionRow>succeededFuture(null)
                    : fail(one).map(Appended::session))
        .onSuccess(row -> tell(key, one, row))
        .onFailure(
            failure -> {
              if (failure instanceof ParleyException known && known.code() == ErrorCode.CONFLICT) {
                followed.asMap().remove(key, one);
                one.outcome.tryFail(gone());
              } else {
                tell(key, one, null);
              }
            });
  }

  /** Fails with {@code conflict} when it has ended already, and that was told. */
  private Future<Appended> fail(Followed one) {
    return sessions.endRun(
        one.scope, one.run.session(), one.run.runId(), new RunEnd(RunStatus.FAILED, null, 0, 0, 0));
  }

  private void tell(RunKey key, Followed one, @Nullable SessionRow row) {
    if (followed.asMap().remove(key, one)) {
      one.outcome.tryComplete(here.lost(new RunEvent.Lost(one.run, gone(), row, one.startedAt)));
    }
  }

  private static ParleyException gone() {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "the node of the hub that ran the agent is gone; send the message again")
        .retryAfter(1_000);
  }
}
