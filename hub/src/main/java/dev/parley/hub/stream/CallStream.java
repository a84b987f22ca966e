package dev.parley.hub.stream;

import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Reply;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.CallParams;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One streamed reply on its way to its caller: numbers the chunks, keeps those that the caller has
 * not confirmed, and gives them to whatever reader the caller has at the moment. Thread-safe; its
 * lock is never held while credit is passed on, as that may bring chunks at once.
 */
public final class CallStream {
  /** What a stream costs to keep, beside what is in it. */
  static final long BASE_BYTES = 512;

  private static final long CHUNK_BYTES = 64;

  /** The caller's end: a socket and a request on it. Called in order, under the stream's lock. */
  public interface Reader {
    void chunk(MessageId message, long index, RawJson payload);

    void replied(Reply reply);

    void failed(ParleyException failure);

    /** The stream goes on elsewhere: nothing more comes here. */
    void replaced(ParleyException why);
  }

  private sealed interface Outcome {}

  private record Replied(Reply reply) implements Outcome {}

  private record Failed(ParleyException failure) implements Outcome {}

  private final Streams streams;
  private final Principal owner;
  private final MessageId id;
  private final Deque<RawJson> kept = new ArrayDeque<>(0);
  private @Nullable Outgoing call;
  private @Nullable Reader reader;
  private @Nullable Outcome outcome;
  private boolean admitted;
  private long next;
  private long limit;
  private long keptBytes;
  private long heldBytes;
  private long expiresAt = Long.MAX_VALUE;

  CallStream(
      Streams streams,
      Principal owner,
      MessageId id,
      Streams.Caller caller,
      long credit,
      Reader reader) {
    this.streams = streams;
    this.owner = owner;
    this.id = id;
    this.limit = credit;
    this.reader = reader;
    this.call = caller.prepare((message, payload) -> chunk(payload));
  }

  /** Makes the call. */
  public void start() {
    Outgoing made = call();
    if (made != null) {
      made.start(
          this::onAdmitted, reply -> end(new Replied(reply)), failure -> end(new Failed(failure)));
    }
  }

  /** Ends the call for its caller; whether it was still under way. */
  public boolean cancel() {
    return cancel("by its caller");
  }

  /** Ends the call because its caller is gone and cannot come back. */
  public void abandon() {
    cancel("its caller disconnected");
  }

  private boolean cancel(String why) {
    Outgoing made = call();
    return made != null && made.cancel(why);
  }

  /** The call; null once it has ended, as it holds all that the caller said. */
  private synchronized @Nullable Outgoing call() {
    return call;
  }

  private void giveCredit(long more) {
    Outgoing made = call();
    if (made != null) {
      made.grant(more);
    }
  }

  /** The reader's socket is gone: the stream waits for its caller to come back. */
  public void detach(Reader gone) {
    synchronized (this) {
      if (reader != gone) {
        return;
      }
      reader = null;
      if (outcome == null) {
        expiresAt = streams.windowEnd();
      }
    }
    streams.sweep(this);
  }

  /**
   * Gives the stream another reader, which gets at once what it has not seen.
   *
   * @param from index of the first chunk that was not seen
   * @param credit how many chunks from there on may come at least
   * @throws ParleyException {@code conflict} with {@code details.reason} {@code chunks_lost}
   */
  void resume(Reader by, long from, long credit) {
    long more;
    synchronized (this) {
      requireSent(from);
      long first = next - kept.size();
      if (from < first) {
        throw new ParleyException(
                ErrorCode.CONFLICT,
                "chunks %d to %d of the stream %s are no longer kept; resume from %d to go on without them"
                    .formatted(from, first - 1, id, first))
            .with("reason", "chunks_lost")
            .with("firstLost", from)
            .with("lastLost", first - 1)
            .with("next", first);
      }
      if (reader != null) {
        reader.replaced(
            new ParleyException(ErrorCode.CONFLICT, "the stream was resumed on another request")
                .with("reason", "resumed"));
      }
      forget(from);
      long index = from;
      for (RawJson payload : kept) {
        by.chunk(id, index++, payload);
      }
      if (outcome != null) {
        tell(by, outcome);
        return;
      }
      reader = by;
      expiresAt = Long.MAX_VALUE;
      more = Math.max(0, from + credit - limit);
      limit += more;
    }
    if (more > 0) {
      giveCredit(more);
    }
  }

  /**
   * Lets more chunks come.
   *
   * @param seen index of the first chunk that was not seen; negative when that is not said
   * @return how many may come now
   */
  long grant(long credit, long seen) {
    long outstanding;
    synchronized (this) {
      if (outcome != null) {
        throw new ParleyException(ErrorCode.CONFLICT, "the stream %s has ended".formatted(id))
            .with("reason", "ended");
      }
      outstanding = limit + credit - next;
      if (outstanding > CallParams.MAX_CREDIT) {
        throw new ParleyException(
                ErrorCode.LIMIT_EXCEEDED,
                "the stream %s has credit for %d chunks; with %d more it would have more than %d"
                    .formatted(id, limit - next, credit, CallParams.MAX_CREDIT))
            .with("limit", "stream_credit")
            .with("used", limit - next)
            .with("max", CallParams.MAX_CREDIT);
      }
      if (seen >= 0) {
        requireSent(seen);
        forget(seen);
      }
      limit += credit;
    }
    giveCredit(credit);
    return outstanding;
  }

  boolean isOwnedBy(Principal principal) {
    return owner.tenant().equals(principal.tenant()) && owner.keyId().equals(principal.keyId());
  }

  Principal owner() {
    return owner;
  }

  MessageId id() {
    return id;
  }

  /** Whether its time is over at this moment. */
  synchronized boolean isOver(long now) {
    return expiresAt <= now;
  }

  /** Ends it if its caller stayed away; false when it had ended, and is only to be forgotten. */
  boolean expire(String why) {
    synchronized (this) {
      if (outcome != null) {
        return false;
      }
      expiresAt = Long.MAX_VALUE;
    }
    cancel(why);
    return true;
  }

  /** It is kept no longer. */
  synchronized void release() {
    forget(next);
    streams.memory().give(owner.tenant(), heldBytes);
    heldBytes = 0;
  }

  private synchronized void onAdmitted() {
    admitted = true;
  }

  private synchronized void chunk(RawJson payload) {
    if (outcome != null) {
      return;
    }
    long index = next++;
    kept.addLast(payload);
    long bytes = sizeOf(payload);
    keptBytes += bytes;
    while (!kept.isEmpty() && keptBytes > streams.settings().bufferBytes()) {
      dropFirst();
    }
    while (!kept.isEmpty() && !streams.memory().take(owner.tenant(), bytes)) {
      dropFirst();
    }
    if (reader != null) {
      reader.chunk(id, index, payload);
    }
  }

  /** Drops the oldest chunk that is kept; the newest one is not counted by the memory yet. */
  private void dropFirst() {
    long bytes = sizeOf(kept.removeFirst());
    keptBytes -= bytes;
    if (!kept.isEmpty()) {
      streams.memory().give(owner.tenant(), bytes);
    }
    streams.countDropped();
  }

  private void forget(long before) {
    for (long index = next - kept.size(); index < before; index++) {
      long bytes = sizeOf(kept.removeFirst());
      keptBytes -= bytes;
      streams.memory().give(owner.tenant(), bytes);
    }
  }

  private void end(Outcome how) {
    boolean keep;
    synchronized (this) {
      outcome = how;
      call = null;
      expiresAt = streams.windowEnd();
      long bytes = BASE_BYTES + (how instanceof Replied done ? sizeOf(done.reply.payload()) : 0);
      keep = admitted && streams.memory().take(owner.tenant(), bytes);
      if (keep) {
        heldBytes = bytes;
      }
      if (reader != null) {
        tell(reader, how);
      }
      reader = null;
    }
    if (!keep) {
      streams.remove(this);
    }
  }

  private static void tell(Reader reader, Outcome outcome) {
    if (outcome instanceof Replied done) {
      reader.replied(done.reply);
    } else if (outcome instanceof Failed failed) {
      reader.failed(failed.failure);
    }
  }

  private void requireSent(long from) {
    if (from > next) {
      throw ParleyException.invalid(
          "next", "the stream %s has %d chunks so far; next is at most that".formatted(id, next));
    }
  }

  private static long sizeOf(RawJson payload) {
    return CHUNK_BYTES + payload.text().length();
  }
}
