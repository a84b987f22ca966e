package dev.parley.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.chaos.Event.Kind;
import dev.parley.chaos.Violation.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** A checker that finds nothing proves nothing: each promise is broken here in a good history. */
class CheckerTest {
  private static final Plan PLAN = new Plan(3, 1, 1, 1, 1, List.of(), Set.of());

  private long clock;

  private Event event(Kind kind, String series, String id, long number, String note) {
    return new Event(clock += 10, kind, series, id, number, note);
  }

  /** All goes well: two conversations, a call, a stream, a chat, a budget. */
  private List<Event> good() {
    List<Event> events = new ArrayList<>();
    for (int n = 1; n <= 3; n++) {
      for (String series : List.of("a", "b")) {
        events.add(event(Kind.SENT, series, series + n, n, ""));
        events.add(event(Kind.ACCEPTED, series, series + n, n, ""));
        events.add(event(Kind.EFFECT, series, series + n, n, ""));
      }
    }
    events.add(event(Kind.CALLED, "c", "c1", 5_000, ""));
    events.add(event(Kind.REPLIED, "c", "c1", 0, "c1"));
    events.add(event(Kind.CALLED, "s", "s1", 5_000, ""));
    events.add(event(Kind.CHUNK, "s", "s1", 0, ""));
    events.add(event(Kind.CHUNK, "s", "s1", 1, ""));
    events.add(event(Kind.REPLIED, "s", "s1", 2, "s1"));
    events.add(event(Kind.ANSWERED, "chat", "t2", 0, "q"));
    events.add(event(Kind.ANSWERED, "chat", "t1", 0, "p"));
    events.add(event(Kind.ANSWERED, "chat", "t3", 0, "p"));
    for (String node : List.of("node-1", "node-2")) {
      for (String turn : List.of("t1", "t2", "t3")) {
        events.add(event(Kind.ROW, "chat", turn, Transcripts.SAID, node));
        events.add(event(Kind.ROW, "chat", turn, Transcripts.ANSWER, node));
      }
      events.add(event(Kind.TOLD, "chat", "", 6, node));
    }
    events.add(event(Kind.LIMIT, "m", "", 100, "tokens"));
    events.add(event(Kind.DENIED, "m", "x1", 0, "tokens"));
    events.add(event(Kind.SPENT, "m", "", 100, "tokens"));
    return events;
  }

  private static List<Violation> violations(List<Event> history) {
    return Checker.check(history).violations();
  }

  private static void assertBroken(Rule rule, List<Event> history) {
    List<Violation> found = violations(history);
    assertTrue(found.stream().anyMatch(v -> v.rule() == rule), () -> rule + " in " + found);
  }

  /** A history in which a node tells that it has other rows than those of the good one. */
  private static List<Event> telling(List<Event> history, String node, long rows) {
    return history.stream()
        .map(
            e ->
                e.kind() == Kind.TOLD && e.note().equals(node)
                    ? new Event(e.at(), e.kind(), e.series(), e.id(), rows, e.note())
                    : e)
        .toList();
  }

  private static List<Event> without(List<Event> history, Kind kind, String id) {
    return history.stream().filter(e -> e.kind() != kind || !e.id().equals(id)).toList();
  }

  private static List<Event> swapped(List<Event> history, String one, String other, Kind kind) {
    return history.stream()
        .map(
            e ->
                e.kind() != kind || !(e.id().equals(one) || e.id().equals(other))
                    ? e
                    : history.stream()
                        .filter(
                            o ->
                                o.kind() == kind
                                    && o.note().equals(e.note())
                                    && (kind != Kind.ROW || o.number() == e.number())
                                    && o.id().equals(e.id().equals(one) ? other : one))
                        .findFirst()
                        .orElseThrow())
        .toList();
  }

  @Test
  void aGoodHistoryIsGood() {
    assertEquals(List.of(), violations(good()));
  }

  @Test
  void aRunInWhichNothingHappenedShowsNothing() {
    assertBroken(Rule.SOMETHING_TO_JUDGE, List.of());
    List<Event> unanswered = good();
    unanswered.removeIf(event -> event.kind() == Kind.ANSWERED);
    assertBroken(Rule.SOMETHING_TO_JUDGE, unanswered);
  }

  @Test
  void anAcceptedMessageWithoutEffectIsLost() {
    assertBroken(Rule.NOTHING_ACCEPTED_IS_LOST, without(good(), Kind.EFFECT, "b3"));
  }

  @Test
  void aMessageThatWasNotAcceptedMayGetLost() {
    assertEquals(
        List.of(), violations(without(without(good(), Kind.EFFECT, "b3"), Kind.ACCEPTED, "b3")));
  }

  @Property(tries = 50)
  void anyEffectThatComesTwiceIsFound(@ForAll long seed) {
    List<Event> history = good();
    List<Event> effects = history.stream().filter(e -> e.kind() == Kind.EFFECT).toList();
    SplittableRandom random = new SplittableRandom(seed);
    Event again = effects.get(random.nextInt(effects.size()));
    history.add(random.nextInt(history.indexOf(again), history.size()) + 1, again);
    assertBroken(Rule.NO_EFFECT_TWICE, history);
  }

  @Test
  void anEffectThatNobodyAskedForIsFound() {
    assertBroken(Rule.NO_EFFECT_UNASKED, without(good(), Kind.SENT, "a2"));
  }

  @Test
  void effectsOutOfOrderAreFound() {
    assertBroken(Rule.ORDER, swapped(good(), "a1", "a2", Kind.EFFECT));
  }

  @Test
  void effectsOfDifferentConversationsMayComeInAnyOrder() {
    List<Event> history = new ArrayList<>(good());
    List<Event> ofA =
        history.stream().filter(e -> e.kind() == Kind.EFFECT && e.series().equals("a")).toList();
    history.removeAll(ofA);
    history.addAll(ofA);
    assertEquals(List.of(), violations(history));
  }

  @Test
  void aCallWithoutAnswerIsFound() {
    assertBroken(Rule.EVERY_CALL_ANSWERED, without(good(), Kind.REPLIED, "c1"));
  }

  @Test
  void aChatThatNeverEndsOrGetsAnotherReplyIsFound() {
    String caller = Chats.CALLER + "town-2";
    List<Event> history = good();
    history.add(event(Kind.CALLED, caller, "town-2-turn-1-0", 20_000, ""));
    assertBroken(Rule.EVERY_CALL_ANSWERED, history);
    List<Event> ended = new ArrayList<>(history);
    ended.add(event(Kind.FAILED, caller, "town-2-turn-1-0", 0, "unavailable"));
    assertEquals(List.of(), violations(ended));
    history.add(event(Kind.REPLIED, caller, "town-2-turn-1-0", 0, "town-2-turn-1-1"));
    assertBroken(Rule.EVERY_CALL_ANSWERED, history);
  }

  @Test
  void anAnswerLongAfterTheDeadlineIsFound() {
    List<Event> history = new ArrayList<>();
    history.add(event(Kind.CALLED, "c", "c1", 5_000, ""));
    clock += 5_000 + Checker.GRACE_MS;
    history.add(event(Kind.FAILED, "c", "c1", 0, "deadline_exceeded"));
    assertBroken(Rule.EVERY_CALL_ANSWERED, history);
  }

  @Test
  void theReplyToAnotherCallIsFound() {
    List<Event> history =
        List.of(event(Kind.CALLED, "c", "c1", 5_000, ""), event(Kind.REPLIED, "c", "c1", 0, "c2"));
    assertBroken(Rule.EVERY_CALL_ANSWERED, history);
  }

  @Test
  void aStreamThatLacksAPieceOrHasThemOutOfOrderIsFound() {
    List<Event> history = new ArrayList<>(good());
    history.removeIf(e -> e.kind() == Kind.CHUNK && e.number() == 1);
    assertBroken(Rule.STREAMS_WHOLE, history);
    List<Event> other = new ArrayList<>(good());
    other.removeIf(e -> e.kind() == Kind.CHUNK && e.number() == 0);
    assertBroken(Rule.STREAMS_WHOLE, other);
  }

  @Test
  void aTranscriptThatLacksAnAnsweredTurnIsFound() {
    assertBroken(Rule.NOTHING_ACCEPTED_IS_LOST, without(good(), Kind.ROW, "t2"));
  }

  @Test
  void aTranscriptWithATurnTwiceOrOutOfOrderIsFound() {
    List<Event> history = good();
    history.add(event(Kind.ROW, "chat", "t1", 0, "node-1"));
    assertBroken(Rule.ONE_WRITER, history);
    assertBroken(Rule.ORDER, swapped(good(), "t1", "t3", Kind.ROW));
  }

  @Test
  void transcriptsThatDifferByNodeAreFound() {
    List<Event> history = good();
    history.add(event(Kind.ROW, "chat", "t4", Transcripts.SAID, "node-2"));
    assertBroken(Rule.ONE_WRITER, history);
  }

  @Test
  void anAnswerWrittenAfterTheNextMessageWasBegunIsFound() {
    List<Event> history = good();
    for (String node : List.of("node-1", "node-2")) {
      history.add(event(Kind.ROW, "chat", "t4", Transcripts.SAID, node));
      history.add(event(Kind.ROW, "chat", "t5", Transcripts.SAID, node));
      history.add(event(Kind.ROW, "chat", "t5", Transcripts.ANSWER, node));
    }
    assertEquals(List.of(), violations(history));
    for (String node : List.of("node-1", "node-2")) {
      history.add(event(Kind.ROW, "chat", "t4", Transcripts.ANSWER, node));
    }
    assertBroken(Rule.ONE_WRITER, history);
  }

  @Test
  void aNodeThatTellsAnEmptyTranscriptIsFound() {
    List<Event> history = new ArrayList<>(telling(good(), "node-2", 0));
    history.removeIf(e -> e.kind() == Kind.ROW && e.note().equals("node-2"));
    assertBroken(Rule.NOTHING_ACCEPTED_IS_LOST, history);
    assertBroken(Rule.ONE_WRITER, history);
  }

  @Test
  void rowsThatWereToldAndAreNotInTheHistoryAreFound() {
    assertBroken(Rule.SOMETHING_TO_JUDGE, telling(good(), "node-2", 7));
    List<Event> silent = good();
    silent.removeIf(e -> e.kind() == Kind.TOLD);
    assertBroken(Rule.SOMETHING_TO_JUDGE, silent);
  }

  @Test
  void aBudgetThatNobodyCameNearOrWasRefusedByIsNotJudged() {
    assertEquals(Map.of(), Checker.check(good()).unjudged());
    List<Event> neverRefused = good();
    neverRefused.removeIf(e -> e.kind() == Kind.DENIED);
    List<Event> farAway = new ArrayList<>(good());
    farAway.removeIf(e -> e.kind() == Kind.SPENT);
    farAway.add(event(Kind.SPENT, "m", "", 79, "tokens"));
    for (List<Event> history : List.of(neverRefused, farAway)) {
      assertEquals(List.of(), violations(history));
      assertEquals(Set.of(Rule.NO_BUDGET_OVERSPENT), Checker.check(history).unjudged().keySet());
      String text = Verdict.of(history, PLAN).text();
      assertTrue(text.contains("not judged: m spent"), text);
      assertFalse(text.contains("all promises kept\n"), text);
    }
  }

  @Test
  void anOverspentBudgetIsFound() {
    List<Event> history = good();
    history.add(event(Kind.SPENT, "m", "", 101, "tokens"));
    assertBroken(Rule.NO_BUDGET_OVERSPENT, history);
  }
}
