package dev.parley.hub.loop;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets messages of agents pass, or stops them on one edge. Nothing here waits or asks the store; a
 * message that passes costs two look-ups and a hash of its payload. Thread-safe.
 */
public final class LoopBreaker {
  private static final Logger LOG = LoggerFactory.getLogger(LoopBreaker.class);

  /** What is wrong with a message; {@code trips} false when it is stopped and its edge is not. */
  private record Finding(LoopReason reason, String why, boolean trips) {}

  private final LoopSettings settings;
  private final LongSupplier clock;
  private final EdgeTable edges;
  private final Suspects suspects;
  private final Cache<Cause, AtomicInteger> chains;
  private volatile Consumer<Announcement> announcer = this::onAnnouncement;
  private final LongAdder tripped = new LongAdder();
  private final LongAdder refused = new LongAdder();

  /**
   * Makes a breaker.
   *
   * @param clock milliseconds that only go forward
   * @param wallClock for what people are told
   */
  public LoopBreaker(LoopSettings settings, LongSupplier clock, Clock wallClock) {
    this.settings = settings;
    this.clock = clock;
    this.suspects = new Suspects();
    this.edges =
        new EdgeTable(
            settings.maxEdges(),
            settings.maxTenantEdges(),
            edge -> new WatchedEdge(edge, settings, wallClock, clock.getAsLong()),
            suspects::remove);
    this.chains =
        Caffeine.newBuilder()
            .maximumSize(settings.maxEdges())
            .expireAfterAccess(settings.window())
            .build();
  }

  /** Tells the other nodes of what is stopped here, and does as they do. */
  public LoopBreaker follow(Announcements announcements) {
    announcements.listen(this::onAnnouncement, () -> {});
    tell(
        change ->
            announcements
                .announce(change)
                .onFailure(away -> LOG.warn("other nodes may not hear of {}", change, away)));
    return this;
  }

  void tell(Consumer<Announcement> all) {
    announcer = all;
  }

  /**
   * Lets a message pass and remembers it.
   *
   * @throws ParleyException {@code loop_detected}, with {@code retryAfterMs} when its edge is open
   */
  public void admit(Passage passage) {
    long now = clock.getAsLong();
    WatchedEdge edge = edges.of(passage.edge());
    Trip trip;
    Finding finding;
    synchronized (edge) {
      Circuit circuit = edge.circuit();
      requireNotOpen(edge, now);
      finding = inspect(edge, passage, now);
      if (finding == null || !finding.trips) {
        trip = null;
        if (finding == null && !circuit.closed() && circuit.passed(now)) {
          edge.forget();
        }
      } else {
        trip = open(edge, finding, now);
      }
    }
    if (trip != null) {
      tell(trip);
      refused.increment();
      throw trip.refusal(trip.until() - trip.trippedAt());
    }
    if (finding != null && stops(finding)) {
      refused.increment();
      throw Trip.refusal(passage.edge(), finding.reason, finding.why);
    }
  }

  /** Remembers a message that another node has admitted for an agent that is here. */
  public void observe(Edge passed, RawJson payload) {
    long now = clock.getAsLong();
    WatchedEdge edge = edges.of(passed);
    synchronized (edge) {
      listen(edge, payload, now);
    }
  }

  /** A chain of calls was refused at this edge; too many of them open it. */
  public void chainRefused(Edge at) {
    long now = clock.getAsLong();
    WatchedEdge edge = edges.of(at);
    Trip trip = null;
    synchronized (edge) {
      int refusals = edge.chainRefused(now);
      if (!edge.circuit().open(now)
          && (refusals >= settings.refusals() || !edge.circuit().closed())) {
        String why =
            "%d chains of calls that were too long or came back were refused here"
                .formatted(settings.refusals());
        trip = open(edge, new Finding(LoopReason.CHAIN_REFUSED, why, true), now);
      }
      if (trip != null) {
        edge.forget();
      }
    }
    if (trip != null) {
      tell(trip);
    }
  }

  /** A message that passed this edge has cost its caller so much. */
  public void spent(Edge at, long millicents) {
    WatchedEdge edge = edges.of(at);
    synchronized (edge) {
      edge.spend(millicents, clock.getAsLong());
    }
  }

  /** The edges from agents of this tenant that are not closed, the last one opened first. */
  public List<Trip> tripped(TenantId tenant) {
    long now = clock.getAsLong();
    List<Trip> trips = new ArrayList<>();
    for (WatchedEdge edge : edges.of(tenant)) {
      synchronized (edge) {
        Trip trip = edge.circuit().trip(now);
        if (trip != null) {
          trips.add(trip);
        }
      }
    }
    trips.sort(Comparator.comparingLong(Trip::trippedAt).reversed());
    return trips;
  }

  /**
   * Closes an edge of this tenant's agent, here and on the other nodes.
   *
   * @return how it was
   * @throws ParleyException {@code not_found} when it is not open
   */
  public Trip reset(TenantId tenant, Edge at) {
    WatchedEdge edge = at.from().tenant().equals(tenant) ? edges.find(at) : null;
    Trip trip = edge == null ? null : tripOf(edge);
    if (trip == null) {
      throw ParleyException.notFound("a stopped edge %s".formatted(at));
    }
    announcer.accept(new Announcement.EdgeReset(at.from().toString(), at.to().toString()));
    return trip;
  }

  /** Edges watched. */
  public int watched() {
    return edges.size();
  }

  /** Edges that were let go of to make room. */
  public long evicted() {
    return edges.evicted();
  }

  /** How often edges were opened. */
  public long trips() {
    return tripped.sum();
  }

  /** Messages refused. */
  public long refusals() {
    return refused.sum();
  }

  private @Nullable Trip tripOf(WatchedEdge edge) {
    synchronized (edge) {
      return edge.circuit().trip(clock.getAsLong());
    }
  }

  private void requireNotOpen(WatchedEdge edge, long now) {
    if (edge.circuit().open(now)) {
      Trip trip = edge.circuit().trip(now);
      if (trip != null) {
        refused.increment();
        throw trip.refusal(edge.circuit().pauseLeft(now));
      }
    }
  }

  /** Opens an edge; on trial only when this was one bad message too many, and null otherwise. */
  private @Nullable Trip open(WatchedEdge edge, Finding finding, long now) {
    Circuit circuit = edge.circuit();
    if (!circuit.closed() && !circuit.failed()) {
      return null;
    }
    circuit.trip(finding.reason, finding.why, now);
    suspects.remove(edge);
    tripped.increment();
    return circuit.trip(now);
  }

  /** Whether a message is refused even if its edge stays as it is. */
  private static boolean stops(Finding finding) {
    return finding.reason == LoopReason.FAN_OUT || finding.reason == LoopReason.CHAIN_MESSAGES;
  }

  private @Nullable Finding inspect(WatchedEdge edge, Passage passage, long now) {
    Finding ofCause = inspectCause(passage);
    if (ofCause != null) {
      return ofCause;
    }
    long spent = edge.spent(now);
    if (spent > settings.spendPerMinute()) {
      return new Finding(
          LoopReason.SPEND,
          "they cost %d millicents within a minute, and the limit is %d"
              .formatted(spent, settings.spendPerMinute()),
          true);
    }
    return inspectNews(edge, passage, now);
  }

  private @Nullable Finding inspectCause(Passage passage) {
    if (passage.siblings() > settings.fanOut()) {
      return new Finding(
          LoopReason.FAN_OUT,
          "one message has led %s to more than %d others"
              .formatted(passage.edge().from(), settings.fanOut()),
          passage.siblings() == settings.fanOut() + 1);
    }
    Cause chain = passage.chain();
    if (chain == null) {
      return null;
    }
    int inChain = chains.get(chain, c -> new AtomicInteger()).incrementAndGet();
    return inChain <= settings.chainMessages()
        ? null
        : new Finding(
            LoopReason.CHAIN_MESSAGES,
            "the message %s to %s has led to more than %d others"
                .formatted(chain.message(), chain.handler(), settings.chainMessages()),
            inChain == settings.chainMessages() + 1);
  }

  private @Nullable Finding inspectNews(WatchedEdge edge, Passage passage, long now) {
    if (!listen(edge, passage.payload(), now)) {
      return null;
    }
    long lap = edge.previousAt();
    List<AgentAddress> ring =
        suspects.ring(
            edge, edge.circuit().closed() ? lap : Math.max(lap, edge.circuit().onTrialSince()));
    return ring.isEmpty()
        ? null
        : new Finding(
            LoopReason.NO_NEW_INFORMATION,
            "%d of the last %d messages said nothing new, and they go round %s"
                .formatted(
                    settings.repeats(),
                    settings.repeats() + 2,
                    ring.stream().map(Object::toString).collect(Collectors.joining(" → "))),
            true);
  }

  /**
   * Whether nothing new is said on an edge, with this message. An edge that is not closed is judged
   * by itself and makes no ring for others: of a ring one edge is stopped.
   */
  private boolean listen(WatchedEdge edge, RawJson payload, long now) {
    boolean wasExhausted = edge.repeating() > 0;
    boolean exhausted = edge.says(Fingerprint.of(payload.text()), now);
    if (exhausted && edge.circuit().closed()) {
      suspects.add(edge);
    } else if (wasExhausted) {
      suspects.remove(edge);
    }
    return exhausted;
  }

  /** Tells the other nodes and the log; people hear of it from the announcement. */
  private void tell(Trip trip) {
    LOG.warn("stopped messages {}: {} (trip {})", trip.edge(), trip.why(), trip.trips());
    announcer.accept(
        new Announcement.EdgeTripped(
            trip.edge().from().toString(),
            trip.edge().to().toString(),
            trip.reason().wireName(),
            trip.why(),
            trip.trippedAt(),
            trip.until() - trip.trippedAt(),
            trip.trips()));
  }

  void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.EdgeTripped trip) {
      WatchedEdge edge = edges.of(edge(trip.from(), trip.to()));
      synchronized (edge) {
        suspects.remove(edge);
        edge.circuit()
            .follow(
                LoopReason.of(trip.reason()),
                trip.why(),
                trip.pauseMs(),
                trip.trips(),
                clock.getAsLong());
      }
    } else if (change instanceof Announcement.EdgeReset reset) {
      WatchedEdge edge = edges.find(edge(reset.from(), reset.to()));
      if (edge != null) {
        synchronized (edge) {
          edge.circuit().reset();
          edge.forget();
        }
      }
    }
  }

  private static Edge edge(String from, String to) {
    return new Edge(AgentAddress.parse(from), AgentAddress.parse(to));
  }
}
