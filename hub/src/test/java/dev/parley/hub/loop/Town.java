package dev.parley.hub.loop;

import dev.parley.hub.cluster.Announcement;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A breaker on a clock that the test moves, and what it has told the other nodes. */
final class Town {
  private final LoopBreaker breaker;
  private final List<Announcement.EdgeTripped> told = new ArrayList<>();
  private long now;

  Town(LoopSettings settings) {
    breaker =
        new LoopBreaker(
            settings, () -> now, Clock.fixed(Instant.ofEpochMilli(1_000_000), ZoneOffset.UTC));
    breaker.tell(
        change -> {
          breaker.onAnnouncement(change);
          if (change instanceof Announcement.EdgeTripped trip) {
            told.add(trip);
          }
        });
  }

  static Town withDefaults() {
    return new Town(LoopSettings.defaults());
  }

  static AgentAddress agent(String address) {
    return AgentAddress.parse(address);
  }

  static Edge edge(String from, String to) {
    return new Edge(agent(from), agent(to));
  }

  LoopBreaker breaker() {
    return breaker;
  }

  /** What was announced, first trips only. */
  List<Announcement.EdgeTripped> toldToPeople() {
    return told.stream().filter(trip -> trip.trips() == 1).toList();
  }

  void pass(Duration time) {
    now += time.toMillis();
  }

  /** A message that begins a chain; the refusal when it is stopped. */
  Optional<ParleyException> say(String from, String to, String what) {
    return admit(new Passage(edge(from, to), new RawJson('"' + what + '"'), null, 0));
  }

  /** A message that {@code root} has led to, as the {@code sibling}th of its cause. */
  Optional<ParleyException> say(String from, String to, String what, String root, int sibling) {
    Cause chain = new Cause(new MessageId(root), agent("acme/root"), false);
    return admit(new Passage(edge(from, to), new RawJson('"' + what + '"'), chain, sibling));
  }

  private Optional<ParleyException> admit(Passage passage) {
    try {
      breaker.admit(passage);
      return Optional.empty();
    } catch (ParleyException refused) {
      return Optional.of(refused);
    }
  }

  /** Goes round these agents, saying one of so many phrases a lap; messages that passed. */
  int goRound(List<String> agents, int phrases, int most, Duration perMessage) {
    for (int message = 0; message < most; message++) {
      pass(perMessage);
      String phrase = "phrase " + message / agents.size() % phrases;
      String from = agents.get(message % agents.size());
      String to = agents.get((message + 1) % agents.size());
      if (say(from, to, phrase).isPresent()) {
        return message;
      }
    }
    return most;
  }
}
