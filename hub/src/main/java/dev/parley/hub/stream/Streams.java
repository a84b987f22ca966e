package dev.parley.hub.stream;

import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Clock;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/** The streams of this node that can be resumed: those under way, and those that ended of late. */
public final class Streams {
  private record StreamId(TenantId tenant, MessageId message) {}

  /** Prepares the call of a stream. */
  interface Caller {
    Outgoing prepare(Switchboard.Chunks chunks);
  }

  private final Switchboard switchboard;
  private final StreamSettings settings;
  private final Clock clock;
  private final StreamMemory memory;
  private final ConcurrentMap<StreamId, CallStream> streams = new ConcurrentHashMap<>();
  private final LongAdder resumed = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  public Streams(Switchboard switchboard, StreamSettings settings, Clock clock) {
    this.switchboard = switchboard;
    this.settings = settings;
    this.clock = clock;
    this.memory = new StreamMemory(settings.totalBytes(), settings.tenantBytes());
  }

  public Streams measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.streams", streams, ConcurrentMap::size);
    metrics.gauge("parley.streams.kept.bytes", memory, StreamMemory::used);
    metrics.counter(
        "parley.streams.resumed",
        "streams that went on after a reconnect",
        resumed,
        LongAdder::sum);
    metrics.counter(
        "parley.streams.chunks.dropped",
        "chunks of streams that were not confirmed and are no longer kept",
        dropped,
        LongAdder::sum);
    return this;
  }

  /**
   * Prepares a call whose reply can be resumed.
   *
   * @param order with the id of its message
   * @param credit how many chunks the caller takes at first
   * @throws ParleyException as {@link Switchboard#prepare}, and {@code conflict} while there is a
   *     stream of this id
   */
  public CallStream open(CallOrder order, long credit, CallStream.Reader reader) {
    MessageId id = Objects.requireNonNull(order.id());
    CallStream stream =
        new CallStream(
            this,
            order.caller(),
            id,
            chunks -> switchboard.prepare(order, chunks, credit),
            credit,
            reader);
    if (streams.putIfAbsent(idOf(stream), stream) != null) {
      throw new ParleyException(
              ErrorCode.CONFLICT,
              "there is a stream with the id %s; go on with it by stream.resume".formatted(id))
          .with("field", "messageId");
    }
    return stream;
  }

  /**
   * Gives a stream another reader.
   *
   * @param next index of the first chunk that it has not seen
   * @param credit how many chunks from there on may come at least
   * @throws ParleyException {@code not_found} when the key has no such stream, {@code conflict}
   *     when chunks that were not seen are lost, {@code invalid_request}
   */
  public CallStream resume(
      Principal caller, MessageId id, long next, long credit, CallStream.Reader reader) {
    CallStream stream = find(caller, id);
    stream.resume(reader, next, credit);
    resumed.increment();
    return stream;
  }

  /**
   * Lets more chunks of a stream come.
   *
   * @param seen index of the first chunk that was not seen; negative when that is not said
   * @return how many may come now
   * @throws ParleyException {@code not_found}, {@code conflict} when it has ended, {@code
   *     limit_exceeded}, {@code invalid_request}
   */
  public long grant(Principal caller, MessageId id, long credit, long seen) {
    return find(caller, id).grant(credit, seen);
  }

  /** Ends the streams whose callers stayed away, and forgets those that ended long enough ago. */
  public void sweep() {
    streams.values().forEach(this::sweep);
  }

  void sweep(CallStream stream) {
    if (stream.isOver(clock.millis())
        && !stream.expire(
            "its caller did not come back within %d ms"
                .formatted(settings.resumeWindow().toMillis()))) {
      remove(stream);
    }
  }

  void remove(CallStream stream) {
    if (streams.remove(idOf(stream), stream)) {
      stream.release();
    }
  }

  long windowEnd() {
    return clock.millis() + settings.resumeWindow().toMillis();
  }

  StreamSettings settings() {
    return settings;
  }

  StreamMemory memory() {
    return memory;
  }

  void countDropped() {
    dropped.increment();
  }

  private CallStream find(Principal caller, MessageId id) {
    CallStream stream = streams.get(new StreamId(caller.tenant(), id));
    if (stream == null || !stream.isOwnedBy(caller)) {
      throw ParleyException.notFound("stream " + id);
    }
    return stream;
  }

  private static StreamId idOf(CallStream stream) {
    return new StreamId(stream.owner().tenant(), stream.id());
  }
}
