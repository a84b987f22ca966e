package dev.parley.client;

import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.parley.client.HubExtension.Tenant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A hub that says that it goes, and ends what it has first. */
class DepartureTest {
  private static final int PIECES = 40;

  @RegisterExtension
  static final HubExtension HUB = new HubExtension().with("drain-timeout-ms", "20000");

  @Test
  void aStreamThatNeedsCreditComesToItsEndAtAHubThatGoes() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    CompletableFuture<Void> goes = new CompletableFuture<>();
    List<Integer> heard = new CopyOnWriteArrayList<>();
    AgentHandler counts =
        (message, context) -> {
          CompletableFuture<Void> sent = context.chunk(0).thenCompose(first -> goes);
          for (int i = 1; i < PIECES; i++) {
            int piece = i;
            sent = sent.thenCompose(before -> context.chunk(piece));
          }
          return sent.thenApply(all -> "done");
        };
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", counts));
        ParleyClient client = get(HUB.client(tenant).connect())) {
      client.on("shutdown", told -> goes.complete(null));
      CompletableFuture<CallResult> call =
          client.stream(
              worker.address(),
              "count",
              CallOptions.defaults().window(2),
              piece -> heard.add(piece.intValue()));
      await().until(() -> heard.size() == 1);
      CompletableFuture<Void> stopped =
          CompletableFuture.runAsync(
              () -> {
                try {
                  HUB.stop();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      assertEquals("done", get(call).text());
      assertFalse(stopped.isCompletedExceptionally());
      assertEquals(IntStream.range(0, PIECES).boxed().toList(), heard);
      stopped.join();
    }
    HUB.start();
  }
}
