package dev.parley.hub.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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
  private final NodeBus receiver = new NodeBus(vertx, "node.receiver", new ClusterKeys(SECRET));
  private final NodeBus sender = new NodeBus(vertx, "node.sender", new ClusterKeys(SECRET));
  private final Queue<String> received = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void start() throws TimeoutException {
    await(receiver.start());
    await(sender.start());
    receiver.onMessage("deliver", message -> received.add(message.text()));
  }

  @AfterEach
  void stop() throws TimeoutException {
    await(vertx.close());
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
    NodeBus stranger = new NodeBus(vertx, "node.sender", new ClusterKeys(SECRET.replace('5', '6')));
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
}
