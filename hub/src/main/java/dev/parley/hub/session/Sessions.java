package dev.parley.hub.session;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.hub.session.Commits.Change;
import dev.parley.hub.session.Commits.Changed;
import dev.parley.hub.session.Commits.Written;
import dev.parley.hub.session.SessionIndex.Stored;
import dev.parley.hub.session.TranscriptLine.RunMark;
import dev.parley.hub.session.Transcripts.Place;
import dev.parley.hub.session.Transcripts.Writing;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The conversations of a tenant's agents. Changes to one session happen one at a time in the order
 * they were asked for; different sessions proceed in parallel.
 *
 * <p>Every operation may fail with {@code unavailable}: the store is away, the disk is full or
 * failing, or too much is waiting. A change that failed has left no part of a row.
 */
public final class Sessions {
  private static final int MAX_RUN_ID = 128;
  private static final int MAX_PAGE = 1_000;

  private record Lane(TenantId tenant, SessionKey key) {}

  private final Vertx vertx;
  private final Clock clock;
  private final SessionIndex index;
  private final Transcripts transcripts;
  private final DiskWorkers workers;
  private final Commits commits;
  private final Lanes<Lane> lanes;
  private final long sweep;

  public Sessions(
      Vertx vertx, Store store, Fencing fencing, SessionSettings settings, Clock clock) {
    this.vertx = vertx;
    this.clock = clock;
    this.index = new SessionIndex(store, fencing, settings.maxSessionsPerAgent(), clock);
    OpenTails tails = new OpenTails(settings.maxOpen(), clock::millis);
    this.transcripts = new Transcripts(settings, tails, fencing::node);
    this.workers = new DiskWorkers(vertx, "session", settings.threads(), settings.maxWaiting());
    this.commits = new Commits(index, transcripts, workers);
    this.lanes = new Lanes<>(vertx, settings.maxWaitingPerSession());
    long idle = settings.idle().toMillis();
    this.sweep = vertx.setPeriodic(Math.max(1, idle / 4), timer -> tails.dropIdle(idle));
  }

  /** The session of this key, made when there is none. */
  public Future<SessionRow> open(TenantScope scope, SessionKey key) {
    return index.open(scope, key).map(Stored::row);
  }

  /** The session of this key, null when there is none. */
  public Future<@Nullable SessionRow> describe(TenantScope scope, SessionKey key) {
    return index.find(scope, key).map(Sessions::row);
  }

  private static @Nullable SessionRow row(@Nullable Stored stored) {
    return stored == null ? null : stored.row();
  }

  /** The sessions of these agents, the one changed last first. */
  public Future<SessionPage> list(TenantScope scope, List<AgentId> agents, SessionFilter filter) {
    List<Future<List<SessionRow>>> reading =
        agents.stream().map(agent -> index.all(scope, agent)).toList();
    return Future.all(reading)
        .map(
            all -> {
              List<SessionRow> matching =
                  reading.stream()
                      .flatMap(rows -> rows.result().stream())
                      .filter(filter::matches)
                      .sorted(
                          Comparator.comparingLong(SessionRow::updatedAt)
                              .reversed()
                              .thenComparing(SessionRow::key))
                      .toList();
              List<SessionRow> page =
                  matching.stream().skip(filter.offset()).limit(filter.limit()).toList();
              return new SessionPage(page, matching.size());
            });
  }

  /**
   * Starts a run with what a user said, unless that was done before. The last {@link
   * SessionSettings#rememberedRuns()} runs are known, also after a restart. Fails with {@code
   * invalid_request} and reason {@code chat-request-conflict} when the run id came before with
   * another text.
   *
   * @param runId the idempotency key of the request, 1 to 128 characters
   * @param userRow its text is what must be equal in a repetition
   */
  public Future<RunStart> startRun(
      TenantScope scope, SessionKey key, String runId, TranscriptRow userRow) {
    return startRun(FencingToken.NONE, scope, key, runId, userRow);
  }

  /** As an activation of the session's agent; fails with {@code unavailable} when it is over. */
  public Future<RunStart> startRun(
      FencingToken token, TenantScope scope, SessionKey key, String runId, TranscriptRow userRow) {
    if (runId.isEmpty() || runId.length() > MAX_RUN_ID) {
      return Future.failedFuture(
          ParleyException.invalid(
              "idempotencyKey", "an idempotencyKey has 1 to %d characters".formatted(MAX_RUN_ID)));
    }
    long id = RecentRuns.fingerprint(runId);
    long input = RecentRuns.fingerprint(userRow.text());
    RunMark run = new RunMark(id, input, RunStatus.RUNNING);
    return change(
            token,
            scope,
            key,
            writer -> {
              RecentRuns runs = writer.tail().runs();
              int known = runs.find(id);
              return known >= 0
                  ? Written.repeated(runs.repeated(known, input))
                  : Written.row(writer, writer.row(userRow.ofRun(runId), run));
            },
            (session, written) -> noted(session, written).withRunStarted(runId, clock.millis()))
        .map(
            changed ->
                changed.written().repeated() != null
                    ? new RunStart.Repeated(changed.written().repeated())
                    : new RunStart.Started(
                        Objects.requireNonNull(changed.written().row()), changed.session()));
  }

  /**
   * Appends a row of a run, or of none. Fails with {@code payload_too_large} or {@code
   * limit_exceeded}.
   */
  public Future<Appended> append(TenantScope scope, SessionKey key, TranscriptRow row) {
    return append(FencingToken.NONE, scope, key, row);
  }

  /** As an activation of the session's agent; fails with {@code unavailable} when it is over. */
  public Future<Appended> append(
      FencingToken token, TenantScope scope, SessionKey key, TranscriptRow row) {
    return change(
            token, scope, key, writer -> Written.row(writer, writer.row(row, null)), this::noted)
        .map(Changed::appended);
  }

  /** Ends a run; {@code conflict} when it has ended already. */
  public Future<Appended> endRun(TenantScope scope, SessionKey key, String runId, RunEnd end) {
    return endRun(FencingToken.NONE, scope, key, runId, end);
  }

  /** As an activation of the session's agent; fails with {@code unavailable} when it is over. */
  public Future<Appended> endRun(
      FencingToken token, TenantScope scope, SessionKey key, String runId, RunEnd end) {
    RunMark mark = new RunMark(RecentRuns.fingerprint(runId), 0, end.status());
    TranscriptRow last = end.row();
    return change(
            token,
            scope,
            key,
            writer -> {
              requireRunning(writer.tail().runs(), mark.id(), runId);
              if (last != null) {
                return Written.row(writer, writer.row(last.ofRun(runId), mark));
              }
              writer.end(mark);
              return Written.row(writer, null);
            },
            (session, written) -> noted(session, written).withRunEnded(runId, end, clock.millis()))
        .map(Changed::appended);
  }

  private static void requireRunning(RecentRuns runs, long id, String runId) {
    int known = runs.find(id);
    if (known >= 0 && runs.status(known) != RunStatus.RUNNING) {
      throw new ParleyException(
          ErrorCode.CONFLICT,
          "run %s has ended already (%s)".formatted(runId, runs.status(known).answer()));
    }
  }

  /**
   * How far a run is that was started with this text; empty when it is not among those remembered.
   * Fails as {@link #startRun} when it was started with another.
   */
  public Future<Optional<RunStatus>> statusOf(
      TenantScope scope, SessionKey key, String runId, String input) {
    long id = RecentRuns.fingerprint(runId);
    long same = RecentRuns.fingerprint(input);
    return inLane(
        scope,
        key,
        () ->
            index
                .find(scope, key)
                .compose(
                    session ->
                        session == null
                            ? Future.succeededFuture(Optional.empty())
                            : commits.write(
                                scope, key, session.row(), writer -> status(writer, id, same))));
  }

  private static Optional<RunStatus> status(TranscriptWriter writer, long id, long input) {
    RecentRuns runs = writer.tail().runs();
    int known = runs.find(id);
    return known < 0 ? Optional.empty() : Optional.of(runs.repeated(known, input));
  }

  /**
   * A page of the conversation since the last reset. A session that does not exist has an empty
   * one.
   *
   * @param limit rows, 1 to 1000
   * @param offset rows to leave out from the newest
   * @param maxChars of the rows as JSON; the newest is shortened when it alone is longer
   */
  public Future<HistoryPage> history(
      TenantScope scope, SessionKey key, int limit, long offset, int maxChars) {
    int rows = Math.max(1, Math.min(MAX_PAGE, limit));
    return index
        .find(scope, key)
        .compose(
            session ->
                session == null
                    ? Future.succeededFuture(new HistoryPage(null, List.of(), 0, -1))
                    : commits
                        .read(scope, key, session, from -> from.page(rows, offset, maxChars))
                        .map(
                            page ->
                                new HistoryPage(
                                    session.row(), page.rows(), page.total(), page.nextOffset())));
  }

  /**
   * The end of the conversation since the last reset, for a model to read, in the order it was had.
   *
   * @param maxRows at least 1
   * @param maxChars of the rows' content as JSON; the newest row is given even when it is longer
   */
  public Future<List<TranscriptRow>> tail(
      TenantScope scope, SessionKey key, int maxRows, int maxChars) {
    return index
        .find(scope, key)
        .compose(
            session ->
                session == null
                    ? Future.succeededFuture(List.of())
                    : commits.read(scope, key, session, from -> from.context(maxRows, maxChars)));
  }

  /** Changes what people set of a session, making it when there is none. */
  public Future<SessionRow> patch(TenantScope scope, SessionKey key, SessionChanges changes) {
    return inLane(scope, key, () -> patch(scope, key, changes, Commits.ATTEMPTS));
  }

  private Future<SessionRow> patch(
      TenantScope scope, SessionKey key, SessionChanges changes, int attempts) {
    return index
        .open(scope, key)
        .compose(
            read -> {
              SessionRow changed = read.row().with(changes, clock.millis());
              return index
                  .commit(scope, key, FencingToken.NONE, read, changed)
                  .compose(
                      done ->
                          done
                              ? Future.succeededFuture(changed)
                              : attempts > 1
                                  ? patch(scope, key, changes, attempts - 1)
                                  : Future.failedFuture(Commits.contended(key)));
            });
  }

  /**
   * Starts the conversation anew: history and context begin at a row of kind {@code reset}. The
   * session id stays, and so do the rows before in the file, unless it is more than half full.
   *
   * @param reason {@code new} or {@code reset}
   */
  public Future<Appended> reset(TenantScope scope, SessionKey key, String reason) {
    TranscriptRow row = TranscriptRow.system(TranscriptRow.KIND_RESET, reason, clock.millis());
    return change(
            FencingToken.NONE,
            scope,
            key,
            writer -> Written.row(writer, writer.row(row, null)),
            (session, written) -> session.withReset(clock.millis()))
        .map(Changed::appended);
  }

  /**
   * Deletes a session and its transcript; answers whether it was there. Fails with {@code
   * invalid_request} for a main session.
   */
  public Future<Boolean> delete(TenantScope scope, SessionKey key) {
    if (key.isMain()) {
      return Future.failedFuture(
          ParleyException.invalid("key", "Cannot delete the main session (%s).".formatted(key)));
    }
    return inLane(
        scope,
        key,
        () ->
            index
                .findToRemove(scope, key)
                .compose(
                    session ->
                        session == null
                            ? Future.succeededFuture(false)
                            : delete(scope, key, session, Commits.ATTEMPTS)));
  }

  /**
   * When another node has changed the session, what it wrote goes too; when it has deleted it, and
   * perhaps made it anew, that is not this session any more.
   */
  private Future<Boolean> delete(TenantScope scope, SessionKey key, Stored read, int attempts) {
    return deleteTranscript(scope, key, read.row())
        .compose(deleted -> index.remove(scope, key, read))
        .compose(
            removed ->
                removed
                    ? Future.succeededFuture(true)
                    : index
                        .findToRemove(scope, key)
                        .compose(newer -> deleteNewer(scope, key, read, newer, attempts - 1)));
  }

  private Future<Boolean> deleteNewer(
      TenantScope scope, SessionKey key, Stored read, @Nullable Stored newer, int attempts) {
    if (newer == null || !newer.row().sessionId().equals(read.row().sessionId())) {
      return Future.succeededFuture(false);
    }
    return attempts > 0
        ? delete(scope, key, newer, attempts)
        : Future.failedFuture(
            new ParleyException(
                    ErrorCode.UNAVAILABLE,
                    "other nodes write to session %s all the time; it is not deleted, try again"
                        .formatted(key))
                .retryAfter(200));
  }

  private Future<Void> deleteTranscript(TenantScope scope, SessionKey key, SessionRow session) {
    Place place = Place.of(scope, key, session.sessionId());
    return workers
        .run(
            () -> {
              transcripts.delete(place);
              return place;
            })
        .mapEmpty();
  }

  /** Lets running operations end; later ones fail. */
  public Future<Void> close() {
    vertx.cancelTimer(sweep);
    return workers.close();
  }

  private SessionRow noted(SessionRow session, Written written) {
    return written.row() == null
        ? session
        : session.withRow(written.row(), written.messages(), clock.millis());
  }

  private Future<Changed> change(
      FencingToken token,
      TenantScope scope,
      SessionKey key,
      Writing<Written> step,
      BiFunction<SessionRow, Written, SessionRow> after) {
    Change change = new Change(token, scope, key, step, after);
    return inLane(scope, key, () -> commits.attempt(change));
  }

  private <T> Future<T> inLane(TenantScope scope, SessionKey key, Supplier<Future<T>> step) {
    return lanes.run(new Lane(scope.tenant(), key), step);
  }
}
