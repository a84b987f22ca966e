package dev.parley.hub.session;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.session.SessionIndex.Stored;
import dev.parley.hub.session.SessionRow.Segment;
import dev.parley.hub.session.Transcripts.Place;
import dev.parley.hub.session.Transcripts.Reading;
import dev.parley.hub.session.Transcripts.Writing;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes to one session: first written behind what is committed of its transcript, then committed
 * with its row, against the row as it was read and under the token of who makes it. Nodes that
 * share a data directory can so come in each other's way and neither lose nor double a row.
 */
final class Commits {
  private static final Logger LOG = LoggerFactory.getLogger(Commits.class);

  /** How often a change is tried that other nodes come in the way of. */
  static final int ATTEMPTS = 5;

  private final SessionIndex index;
  private final Transcripts transcripts;
  private final DiskWorkers workers;

  Commits(SessionIndex index, Transcripts transcripts, DiskWorkers workers) {
    this.index = index;
    this.transcripts = transcripts;
    this.workers = workers;
  }

  /** What a step did to a transcript, of which {@code messages} rows are since the last reset. */
  record Written(
      @Nullable TranscriptRow row,
      long messages,
      @Nullable RunStatus repeated,
      List<Segment> segments,
      List<String> obsolete) {
    static Written row(TranscriptWriter writer, @Nullable TranscriptRow row) {
      TranscriptTail tail = writer.tail();
      return new Written(
          row, tail.seq() - tail.since(), null, tail.segments(), List.copyOf(writer.obsolete()));
    }

    static Written repeated(RunStatus status) {
      return new Written(null, 0, status, List.of(), List.of());
    }
  }

  record Changed(Written written, SessionRow session) {
    Appended appended() {
      return new Appended(written.row, session);
    }
  }

  record Change(
      FencingToken token,
      TenantScope scope,
      SessionKey key,
      Writing<Written> step,
      BiFunction<SessionRow, Written, SessionRow> after) {}

  /** Tries a change, again when other nodes come in its way. */
  Future<Changed> attempt(Change change) {
    return attempt(change, ATTEMPTS);
  }

  private Future<Changed> attempt(Change change, int attempts) {
    if (attempts == 0) {
      return Future.failedFuture(contended(change.key));
    }
    return index
        .open(change.scope, change.key)
        .compose(
            read ->
                write(change.scope, change.key, read.row(), change.step)
                    .compose(
                        written ->
                            written.repeated != null
                                ? Future.succeededFuture(new Changed(written, read.row()))
                                : commit(change, read, written, attempts)));
  }

  /** Commits what was written; when another node changed the row, over that, or all of it anew. */
  private Future<Changed> commit(Change change, Stored read, Written written, int attempts) {
    SessionRow now = change.after.apply(read.row(), written).withTranscript(written.segments);
    return index
        .commit(change.scope, change.key, change.token, read, now)
        .compose(
            done -> {
              if (done) {
                discard(change, now, written.obsolete);
                return Future.succeededFuture(new Changed(written, now));
              }
              return index
                  .find(change.scope, change.key)
                  .compose(
                      newer ->
                          attempts > 1 && newer != null && sameTranscript(newer, read)
                              ? commit(change, newer, written, attempts - 1)
                              : attempt(change, attempts - 1));
            });
  }

  private static boolean sameTranscript(Stored one, Stored other) {
    return one.row().sessionId().equals(other.row().sessionId())
        && one.row().segments().equals(other.row().segments());
  }

  private void discard(Change change, SessionRow session, List<String> obsolete) {
    if (!obsolete.isEmpty()) {
      Place place = Place.of(change.scope, change.key, session.sessionId());
      workers
          .run(
              () -> {
                transcripts.discard(place, obsolete);
                return place;
              })
          .onFailure(failure -> LOG.warn("{} of {} not deleted", obsolete, place.id(), failure));
    }
  }

  static ParleyException contended(SessionKey key) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "other nodes changed session %s at the same time; nothing was changed, try again"
                .formatted(key))
        .retryAfter(200);
  }

  <T> Future<T> write(TenantScope scope, SessionKey key, SessionRow session, Writing<T> step) {
    Place place = Place.of(scope, key, session.sessionId());
    return workers.run(() -> transcripts.write(place, session.segments(), step));
  }

  /** Reads; when a file went away because its transcript was merged meanwhile, once more. */
  <T> Future<T> read(TenantScope scope, SessionKey key, Stored session, Reading<T> step) {
    return read(scope, key, session.row(), false, step)
        .compose(
            found ->
                found.isPresent()
                    ? Future.succeededFuture(found.get())
                    : index
                        .find(scope, key)
                        .compose(
                            newer ->
                                read(
                                    scope,
                                    key,
                                    newer == null ? session.row() : newer.row(),
                                    true,
                                    step))
                        .map(Optional::orElseThrow));
  }

  private <T> Future<Optional<T>> read(
      TenantScope scope, SessionKey key, SessionRow session, boolean lenient, Reading<T> step) {
    Place place = Place.of(scope, key, session.sessionId());
    return workers.run(
        () -> Optional.ofNullable(transcripts.read(place, session.segments(), lenient, step)));
  }
}
