package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class RedisStoreTest {
  private static final Key ANY = Keyspace.platform().key("any");

  private static final Keyspace KEYS = Keyspace.platform();

  private final Store store;

  RedisStoreTest(Store store) {
    this.store = store;
  }

  @Test
  void aValueIsReadAsItWasWritten() {
    Key key = KEYS.key("value");
    assertNull(await(store.get(key)));
    await(store.set(key, "naïve \"quoted\"\r\n🙂", 0));
    assertEquals("naïve \"quoted\"\r\n🙂", await(store.get(key)));
    assertEquals(1, await(store.delete(key, KEYS.key("absent"))));
    assertNull(await(store.get(key)));
    assertEquals(0, await(store.delete()));
  }

  @Test
  void aValueWithATimeToLiveGoes() {
    Key key = KEYS.key("short-lived");
    await(store.set(key, "soon gone", 60));
    Eventually.holds("the end of the value", () -> await(store.get(key)) == null);
  }

  @Test
  void aHashKeepsItsFields() {
    Key key = KEYS.key("hash");
    assertEquals(Map.of(), await(store.hashGetAll(key)));
    await(store.hashSet(key, "a", "1"));
    assertTrue(await(store.hashSetIfAbsent(key, "b", "2")));
    assertFalse(await(store.hashSetIfAbsent(key, "b", "3")));
    assertEquals(Map.of("a", "1", "b", "2"), await(store.hashGetAll(key)));
    assertEquals("2", await(store.hashGet(key, "b")));
    assertEquals(2, await(store.hashSize(key)));
    assertTrue(await(store.hashDelete(key, "a")));
    assertFalse(await(store.hashDelete(key, "a")));
    assertNull(await(store.hashGet(key, "a")));
  }

  @Test
  void aSortedSetIsReadInPagesInTheOrderOfNames() {
    Key key = KEYS.key("sorted");
    for (String name : List.of("cherry", "apple", "banana")) {
      assertTrue(await(store.sortedAdd(key, name)));
    }
    assertFalse(await(store.sortedAdd(key, "apple")));
    assertEquals(List.of("apple", "banana"), await(store.sortedAfter(key, null, 2)));
    assertEquals(List.of("cherry"), await(store.sortedAfter(key, "banana", 2)));
    assertTrue(await(store.sortedRemove(key, "banana")));
    assertFalse(await(store.sortedRemove(key, "banana")));
    assertEquals(List.of("apple", "cherry"), await(store.sortedAfter(key, null, 10)));
    assertThrows(IllegalArgumentException.class, () -> store.sortedAfter(key, null, 0));
  }

  @Test
  void aScriptReturnsIntegersStringsAndNulls() {
    Script script = new Script("test-mixed");
    Key key = KEYS.key("mixed");
    for (int run = 1; run <= 2; run++) {
      ScriptResult result = await(store.run(script, List.of(key), List.of("21")));
      assertEquals(
          Arrays.asList(21L * run, "string", "21", null, 1L, 7L), result.values(), "run " + run);
      assertEquals(21L * run, result.integer(0));
      assertEquals("21", result.text(2));
      assertThrows(IllegalStateException.class, () -> result.integer(2));
    }
  }

  @Test
  void aScriptMayReturnASingleValue() {
    ScriptResult result = await(store.run(new Script("test-single"), List.of(ANY), List.of("a b")));
    assertEquals(List.of("a b"), result.values());
  }

  @Test
  void aScriptThatRedisForgotIsSentAgain(OpenStore open) throws Exception {
    Script script = new Script("test-single");
    await(store.run(script, List.of(ANY), List.of("one")));
    RedisSocket.ask(
        Stores.serverDirectory(open.data()).resolve("redis.sock"),
        "SCRIPT FLUSH",
        "+OK",
        java.time.Duration.ofSeconds(5));
    assertEquals("two", await(store.run(script, List.of(ANY), List.of("two"))).text(0));
  }

  @Test
  void aDefectInAScriptIsToldAsOneAndNotAsAnOutage() {
    Key key = KEYS.key("broken-secret");
    ParleyException broken =
        assertThrows(
            ParleyException.class,
            () -> await(store.run(new Script("test-broken"), List.of(key), List.of())));
    assertEquals(ErrorCode.INTERNAL, broken.code());
    assertFalse(broken.text().contains("broken-secret"), broken.text());
    assertThrows(
        IllegalStateException.class,
        () -> await(store.run(new Script("test-nested"), List.of(ANY), List.of())));
    assertThrows(
        IllegalArgumentException.class,
        () -> store.run(new Script("test-absent"), List.of(ANY), List.of()));
  }

  @Test
  void aMessageReachesEveryListenerOfItsTopicInOrder() {
    List<String> first = new CopyOnWriteArrayList<>();
    List<String> second = new CopyOnWriteArrayList<>();
    List<String> other = new CopyOnWriteArrayList<>();
    await(store.subscribe("news", first::add, () -> {}));
    await(store.subscribe("news", second::add, () -> {}));
    await(store.subscribe("gossip", other::add, () -> {}));
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      sent.add("message " + i);
      store.publish("news", "message " + i);
    }
    await(store.publish("gossip", "x"));
    Eventually.holds("all messages", () -> first.size() == 100 && second.size() == 100);
    assertEquals(sent, first);
    assertEquals(sent, second);
    Eventually.holds("the other topic", () -> other.size() == 1);
  }

  @Test
  void aListenerThatThrowsDisturbsNoOther() {
    List<String> received = new CopyOnWriteArrayList<>();
    await(
        store.subscribe(
            "trouble",
            message -> {
              throw new IllegalStateException("a listener's defect");
            },
            () -> {}));
    await(store.subscribe("trouble", received::add, () -> {}));
    await(store.publish("trouble", "one"));
    await(store.publish("trouble", "two"));
    Eventually.holds("both messages", () -> received.equals(List.of("one", "two")));
  }

  @Test
  void anAnswerComesBackOnTheContextThatAsked() {
    Vertx vertx = Vertx.vertx();
    try {
      for (int i = 0; i < 4; i++) {
        Promise<Void> checked = Promise.promise();
        vertx.runOnContext(
            v -> {
              Context asking = Vertx.currentContext();
              store
                  .ping()
                  .compose(pong -> store.run(new Script("test-single"), List.of(ANY), List.of("x")))
                  .compose(result -> store.subscribe("contexts", m -> {}, () -> {}))
                  .map(
                      done -> {
                        assertSame(asking, Vertx.currentContext());
                        return (Void) null;
                      })
                  .onComplete(checked);
            });
        await(checked.future());
      }
    } finally {
      await(vertx.close());
    }
  }

  @Test
  void commandsOfManyThreadsShareTheConnectionAndEachGetsItsOwnAnswer() throws Exception {
    int threads = 4;
    int each = 2_000;
    List<Future<?>> answers = new CopyOnWriteArrayList<>();
    List<Thread> senders = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      String thread = "t" + t;
      senders.add(
          new Thread(
              () -> {
                List<Future<?>> own = new ArrayList<>();
                for (int i = 0; i < each; i++) {
                  String value = thread + "-" + i;
                  own.add(
                      store
                          .run(new Script("test-single"), List.of(ANY), List.of(value))
                          .map(
                              result -> {
                                assertEquals(value, result.text(0));
                                return value;
                              }));
                }
                answers.addAll(own);
              }));
    }
    senders.forEach(Thread::start);
    for (Thread sender : senders) {
      sender.join();
    }
    await(Future.all(answers));
    assertEquals(threads * each, answers.size());
  }
}
