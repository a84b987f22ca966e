package dev.parley.hub.session;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SessionRunsTest extends SessionFixture {
  @Test
  void aRepeatedRequestIsAnsweredAndWritesNothingAlsoAfterARestart() {
    assertInstanceOf(RunStart.Started.class, start(sessions, "run-1", "hello"));
    for (Sessions from : List.of(sessions, reopened())) {
      assertEquals(new RunStart.Repeated(RunStatus.RUNNING), start(from, "run-1", "hello"));
    }
    await(sessions.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.OK, answered("hi"), 1, 1, 2)));
    for (Sessions from : List.of(sessions, reopened())) {
      assertEquals(new RunStart.Repeated(RunStatus.OK), start(from, "run-1", "hello"));
      assertEquals(Optional.of(RunStatus.OK), await(from.statusOf(acme, MAIN, "run-1", "hello")));
      assertEquals(Optional.empty(), await(from.statusOf(acme, MAIN, "run-2", "x")));
    }
    assertEquals(List.of("hello", "hi"), texts(sessions, MAIN));
  }

  @Test
  void anotherInputUnderTheSameKeyIsAConflictAlsoAfterARestart() {
    start(sessions, "run-1", "hello");
    for (Sessions from : List.of(sessions, reopened())) {
      ParleyException refused = refusal(from.startRun(acme, MAIN, "run-1", said("other")));
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
      assertEquals("chat-request-conflict", refused.details().get("reason"));
      assertEquals(
          "chat-request-conflict",
          refusal(from.statusOf(acme, MAIN, "run-1", "other")).details().get("reason"));
    }
    assertEquals(List.of("hello"), texts(sessions, MAIN));
  }

  @Test
  void aRunThatFailedWithoutARowIsRememberedAndNotShown() {
    start(sessions, "run-1", "hello");
    await(sessions.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.FAILED, null, 3, 0, 3)));

    assertEquals(
        Optional.of(RunStatus.FAILED), await(reopened().statusOf(acme, MAIN, "run-1", "hello")));
    assertEquals(List.of("hello"), texts(sessions, MAIN));
    assertEquals(ErrorCode.CONFLICT, refusal(finishAgain("run-1")).code());
    say("next");
    assertEquals(2, await(sessions.history(acme, MAIN, 1, 0, MUCH)).rows().get(0).seq());
  }

  @Test
  void onlyTheLastRunsAreRememberedTheSameBeforeAndAfterARestart() {
    SessionSettings few = settings(10_000, 1 << 20, 10, 3);
    Sessions small = with(few);
    for (int i = 1; i <= 5; i++) {
      await(small.startRun(acme, MAIN, "run-" + i, said("x")));
      await(small.endRun(acme, MAIN, "run-" + i, new RunEnd(RunStatus.OK, answered("y"), 1, 1, 2)));
    }
    for (Sessions from : List.of(small, with(few))) {
      assertEquals(Optional.empty(), await(from.statusOf(acme, MAIN, "run-2", "x")));
      for (int i = 3; i <= 5; i++) {
        assertEquals(Optional.of(RunStatus.OK), await(from.statusOf(acme, MAIN, "run-" + i, "x")));
      }
    }
  }

  @Test
  void aRequestRepeatedAtTheSameTimeStartsOneRun() {
    List<Future<RunStart>> starting =
        IntStream.range(0, 20)
            .mapToObj(i -> sessions.startRun(acme, MAIN, "run-1", said("hello")))
            .toList();
    long started = starting.stream().filter(one -> await(one) instanceof RunStart.Started).count();
    assertEquals(1, started);
    assertEquals(List.of("hello"), texts(sessions, MAIN));
  }

  private Future<Appended> finishAgain(String runId) {
    return sessions.endRun(acme, MAIN, runId, new RunEnd(RunStatus.OK, answered("again"), 0, 0, 0));
  }
}
