package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store promises while its server hangs, is killed, and is back. */
class StoreOutageTest {
  private static final Key KEY = Keyspace.platform().key("key");
  private static final int MAX_WAITING = 50;
  private static final long TIMEOUT_MS = 400;

  private final Vertx vertx = Vertx.vertx();

  @TempDir Path data;
  private OpenStore open;
  private Store store;

  @BeforeEach
  void start() {
    open =
        await(
            Stores.open(
                vertx,
                StoreOptions.defaults(data)
                    .withCommandTimeout(Duration.ofMillis(TIMEOUT_MS))
                    .withMaxWaiting(MAX_WAITING)));
    store = open.store();
  }

  @AfterEach
  void stop() {
    await(open.close());
    await(vertx.close());
  }

  @Test
  void anAnsweredWriteSurvivesAKilledServerAndTheStoreComesBackByItself() {
    await(store.set(KEY, "kept", 0));
    ProcessHandle killed = Signals.server(data);
    Signals.kill(killed);
    Eventually.succeeds("a command after the kill", () -> store.ping());
    assertEquals("kept", await(store.get(KEY)));
    assertFalse(killed.pid() == Signals.server(data).pid());
  }

  @Test
  void whileTheServerIsAwayCommandsFailAtOnce() {
    Signals.kill(Signals.server(data));
    ParleyException refused = firstFailure();
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertTrue(refused.retryAfterMs() > 0);
    Eventually.succeeds("a command after the kill", () -> store.ping());
  }

  @Test
  void aHangingServerMakesCommandsFailInTimeAndIsUsedAgainWhenItGoesOn() {
    await(store.set(KEY, "kept", 0));
    ProcessHandle server = Signals.server(data);
    Signals.pause(server);
    try {
      long asked = System.nanoTime();
      ParleyException late =
          assertThrows(ParleyException.class, () -> await(store.set(KEY, "secret", 0)));
      long tookMs = (System.nanoTime() - asked) / 1_000_000;
      assertEquals(ErrorCode.UNAVAILABLE, late.code());
      assertEquals("unknown", late.details().get("outcome"));
      assertFalse(late.text().contains("secret"), late.text());
      assertTrue(tookMs >= TIMEOUT_MS && tookMs < 5 * TIMEOUT_MS, "took " + tookMs + " ms");
      Eventually.holds(
          "fast failure", () -> "not_done".equals(firstFailure().details().get("outcome")));
    } finally {
      Signals.resume(server);
    }
    Eventually.succeeds("a command after the pause", () -> store.ping());
    assertEquals(server.pid(), Signals.server(data).pid());
  }

  @Test
  void noMoreCommandsWaitThanTheBoundAllows() {
    ProcessHandle server = Signals.server(data);
    Signals.pause(server);
    List<Future<?>> waiting = new ArrayList<>();
    ParleyException full;
    try {
      for (int i = 0; i < MAX_WAITING; i++) {
        waiting.add(store.ping());
      }
      Future<Void> tooMany = store.ping();
      assertTrue(tooMany.failed(), "a command over the bound did not fail at once");
      full = (ParleyException) tooMany.cause();
    } finally {
      Signals.resume(server);
    }
    assertEquals(ErrorCode.UNAVAILABLE, full.code());
    assertTrue(full.text().contains(Integer.toString(MAX_WAITING)), full.text());
    Eventually.holds("an end of all", () -> waiting.stream().allMatch(Future::isComplete));
    Eventually.succeeds("a command after the pause", () -> store.ping());
    for (int round = 0; round < 5; round++) {
      List<Future<?>> again = new ArrayList<>();
      for (int i = 0; i < MAX_WAITING; i++) {
        again.add(store.ping());
      }
      await(Future.all(again));
    }
  }

  @Test
  void aListenerIsToldOfTheGapAndHearsAgain() {
    List<String> received = new CopyOnWriteArrayList<>();
    AtomicInteger gaps = new AtomicInteger();
    await(store.subscribe("news", received::add, gaps::incrementAndGet));
    await(store.publish("news", "before"));
    Eventually.holds("the message before", () -> received.equals(List.of("before")));
    assertEquals(0, gaps.get());
    Signals.kill(Signals.server(data));
    Eventually.holds("a gap at the loss and at the return", () -> gaps.get() == 2);
    Eventually.succeeds("a message after the gap", () -> store.publish("news", "after"));
    Eventually.holds("the message after", () -> received.contains("after"));
  }

  @Test
  void aPauseOfTheHubItselfIsNotTakenForAGap() {
    AtomicInteger gaps = new AtomicInteger();
    AtomicInteger heard = new AtomicInteger();
    await(
        store.subscribe(
            "news",
            message -> {
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(3 * TIMEOUT_MS));
              heard.incrementAndGet();
            },
            gaps::incrementAndGet));
    for (int pause = 1; pause <= 2; pause++) {
      await(store.publish("news", "pause"));
      int expected = pause;
      Eventually.holds("the end of the pause", () -> heard.get() == expected);
      await(vertx.timer(TIMEOUT_MS, TimeUnit.MILLISECONDS));
      assertEquals(0, gaps.get());
    }
  }

  @Test
  void aBusyTopicIsNeverTakenForAGap() {
    AtomicInteger gaps = new AtomicInteger();
    AtomicInteger heard = new AtomicInteger();
    await(store.subscribe("busy", message -> heard.incrementAndGet(), gaps::incrementAndGet));
    long end = System.nanoTime() + 5 * TIMEOUT_MS * 1_000_000;
    int sent = 0;
    while (System.nanoTime() < end) {
      await(store.publish("busy", "message"));
      sent++;
    }
    int all = sent;
    Eventually.holds("all messages", () -> heard.get() == all);
    assertEquals(0, gaps.get());
  }

  @Test
  void aSilentConnectionIsNoticedByAListenerWithoutAnyMessage() {
    AtomicInteger gaps = new AtomicInteger();
    await(store.subscribe("news", message -> {}, gaps::incrementAndGet));
    ProcessHandle server = Signals.server(data);
    Signals.pause(server);
    try {
      Eventually.holds("the gap", () -> gaps.get() == 1);
    } finally {
      Signals.resume(server);
    }
    Eventually.holds("the return", () -> gaps.get() == 2);
  }

  @Test
  void subscribingWhileTheServerIsAwayFailsAndLeavesNothingBehind() {
    List<String> received = new CopyOnWriteArrayList<>();
    ProcessHandle server = Signals.server(data);
    Signals.pause(server);
    try {
      ParleyException refused =
          assertThrows(
              ParleyException.class, () -> await(store.subscribe("late", received::add, () -> {})));
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    } finally {
      Signals.resume(server);
    }
    List<String> heard = new CopyOnWriteArrayList<>();
    Eventually.succeeds(
        "a subscription after the pause", () -> store.subscribe("late", heard::add, () -> {}));
    Eventually.succeeds("a message", () -> store.publish("late", "hello"));
    Eventually.holds("the message", () -> heard.contains("hello"));
    assertEquals(List.of(), received);
  }

  @Test
  void aClosedStoreRefuses() {
    await(open.close());
    ParleyException refused = assertThrows(ParleyException.class, () -> await(store.ping()));
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
  }

  private ParleyException firstFailure() {
    List<ParleyException> failures = new ArrayList<>();
    Eventually.holds(
        "a failure",
        () -> {
          Future<Void> ping = store.ping();
          Eventually.holds("a result", ping::isComplete);
          if (ping.failed()) {
            failures.add((ParleyException) ping.cause());
          }
          return ping.failed();
        });
    return failures.get(0);
  }
}
