package dev.parley.hub.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes and a stranger on one event bus. */
class NodeBusTest {
  private static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final Vertx vertx = Vertx.vertx();
  private final Set<String> members = ConcurrentHashMap.newKeySet();
  private final NodeBus receiver = node("node.receiver", SECRET);
  private final NodeBus sender = node("node.sender", SECRET);
  private final Queue<String> received = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void start() throws TimeoutException {
    members.addAll(Set.of("node.receiver", "node.sender"));
    receiver.onMessage("deliver", message -> received.add(message.text()));
    await(receiver.start());
    await(sender.start());
  }

  @AfterEach
  void stop() throws TimeoutException {
    await(vertx.close());
  }

  private NodeBus node(String address, String secret) {
    return new NodeBus(vertx, address, new ClusterKeys(secret), () -> members);
  }

  private static <T> T await(Future<T> future) throws TimeoutException {
    return future.await(10, TimeUnit.SECONDS);
  }

  /** What was received once a message that is genuine has come after all others. */
  private List<String> receivedAtLast() {
    sender.send("node.receiver", "deliver", "1", "last");
    org.awaitility.Awaitility.await().atMost(DEADLINE).until(() -> received.contains("last"));
    return List.copyOf(received);
  }

  @Test
  void dropsWhatHasNoTag() {
    DeliveryOptions bare =
        new DeliveryOptions()
            .addHeader("kind", "deliver")
            .addHeader("id", "1")
            .addHeader("from", "node.sender");
    vertx.eventBus().send("node.receiver", Buffer.buffer("forged"), bare);
    vertx.eventBus().send("node.receiver", "not even bytes", bare);
    assertEquals(List.of("last"), receivedAtLast());
  }

  @Test
  void dropsWhatWasTaggedWithAnotherSecret() {
    NodeBus stranger = node("node.sender", SECRET.replace('5', '6'));
    stranger.send("node.receiver", "deliver", "1", "forged");
    assertEquals(List.of("last"), receivedAtLast());
  }

  @Test
  void aFailureComesBackAsWhatItIs() {
    receiver.onRequest(
        "reserve",
        request ->
            Future.failedFuture(
                new ParleyException(ErrorCode.BUDGET_EXCEEDED, "spent").with("limit", "tokens")));
    ParleyException failure =
        assertThrows(
            ParleyException.class,
            () -> await(sender.request("node.receiver", "reserve", "1", "{}", DEADLINE)));
    assertEquals(ErrorCode.BUDGET_EXCEEDED, failure.code());
    assertEquals("tokens", failure.details().get("limit"));
  }

  @Test
  void anAnswerThatDoesNotComeIsUnavailableAtItsDeadline() {
    receiver.onRequest("where", request -> Future.future(never -> {}));
    long start = System.nanoTime();
    ParleyException failure =
        assertThrows(
            ParleyException.class,
            () ->
                await(
                    sender.request(
                        "node.receiver", "where", "", "acme/a", Duration.ofMillis(300))));
    assertEquals(ErrorCode.UNAVAILABLE, failure.code());
    assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() < 5_000);
  }

  @Test
  void aRequestOfAKindThatNobodyAnswersIsUnavailableAtOnce() {
    assertUnavailableAtOnce(sender.request("node.receiver", "unheard", "", "", DEADLINE));
  }

  @Test
  void aRequestEndsWhenItsNodeLeavesAndOneToANodeThatHasLeftDoesNotBegin() throws TimeoutException {
    Promise<String> asked = Promise.promise();
    receiver.onRequest(
        "where",
        request -> {
          asked.complete(request.text());
          return Future.future(never -> {});
        });
    Future<String> waiting = sender.request("node.receiver", "where", "", "acme/a", DEADLINE);
    await(asked.future());
    assertEquals(1, sender.waiting());
    members.remove("node.receiver");
    sender.membersChanged();
    assertUnavailableAtOnce(waiting);
    assertUnavailableAtOnce(sender.request("node.receiver", "where", "", "acme/a", DEADLINE));
    assertEquals(0, sender.waiting());
  }

  private static void assertUnavailableAtOnce(Future<String> answer) {
    long start = System.nanoTime();
    ParleyException failure = assertThrows(ParleyException.class, () -> await(answer));
    assertEquals(ErrorCode.UNAVAILABLE, failure.code());
    assertTrue(Duration.ofNanos(System.nanoTime() - start).compareTo(DEADLINE.dividedBy(2)) < 0);
  }

  @Test
  void nothingComesInBeforeTheNodeHasStartedAndThenWhatItAsksForIsThere() throws TimeoutException {
    members.add("node.late");
    NodeBus late = node("node.late", SECRET);
    List<String> order = new CopyOnWriteArrayList<>();
    late.onMessage("deliver", message -> order.add(message.text()));
    late.onStart(() -> late.request("node.receiver", "who", "", "", DEADLINE).mapEmpty());
    receiver.onRequest(
        "who",
        request -> {
          receiver.send(request.from(), "deliver", "", "asked for");
          return Future.succeededFuture("");
        });
    Future<Void> early = receiver.send("node.late", "deliver", "", "early");
    assertThrows(Exception.class, () -> await(early));
    await(late.start());
    assertEquals(List.of("asked for"), order);
  }
}
