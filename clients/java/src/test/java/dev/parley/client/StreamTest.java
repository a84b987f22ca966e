package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the reader of a stream and its agent see of one that is slow and of a network that fails.
 */
class StreamTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  private final AtomicInteger sent = new AtomicInteger();
  private final List<Integer> heard = new CopyOnWriteArrayList<>();
  private Tenant tenant;

  @BeforeEach
  void anAgent() throws Exception {
    tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
  }

  /** Counts to the number in the message, each piece as soon as the caller takes it. */
  private CompletableFuture<String> count(AgentMessage message, AgentContext context) {
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (int i = 0; i < Integer.parseInt(message.text()); i++) {
      int piece = i;
      all = all.thenCompose(before -> context.chunk(piece)).thenRun(() -> sent.incrementAndGet());
    }
    return all.thenApply(done -> "done");
  }

  private static List<Integer> upTo(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @Test
  void aSlowReaderHoldsTheAgentBack() throws Exception {
    CompletableFuture<Void> slow = new CompletableFuture<>();
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", this::count));
        ParleyClient client = get(HUB.client(tenant).connect());
        ParleyClient other = get(HUB.client(tenant).connect())) {
      CompletableFuture<CallResult> call =
          client.stream(
              worker.address(),
              "100",
              CallOptions.defaults().window(10),
              piece -> {
                slow.orTimeout(20, TimeUnit.SECONDS).join();
                heard.add(piece.intValue());
              });
      await().until(() -> sent.get() == 10);
      CallResult another = get(other.stream(worker.address(), "5", piece -> {}));
      assertEquals("done", another.text(), "another caller is not held up");
      assertEquals(15, sent.get());
      slow.complete(null);
      assertEquals("done", get(call).text());
      assertEquals(upTo(100), heard);
    }
  }

  @Test
  void aStreamGoesOnWithoutAGapOrARepeatHoweverOftenTheLinkIsCut() throws Exception {
    int pieces = 400;
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", this::count));
        ParleyClient client = get(over(link))) {
      CompletableFuture<CallResult> call =
          client.stream(
              worker.address(),
              Integer.toString(pieces),
              CallOptions.defaults().window(16),
              piece -> {
                heard.add(piece.intValue());
                if (heard.size() % 100 == 50) {
                  link.cut();
                }
              });
      assertEquals("done", get(call).text());
      assertEquals(upTo(pieces), heard);
      assertTrue(link.opened() >= 4, "it was cut");
    }
  }

  @Test
  void anAnswerThatGotLostOnTheWayIsHadAgain() throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent worker =
            get(
                HUB.client(tenant)
                    .connectAgent(
                        "worker",
                        (message, context) -> context.chunk(0).thenCompose(done -> answer)));
        ParleyClient other = get(HUB.client(tenant).connect());
        ParleyClient client = get(over(link))) {
      CompletableFuture<CallResult> call =
          client.stream(worker.address(), "x", piece -> heard.add(piece.intValue()));
      await().until(() -> heard.size() == 1);
      link.swallowAnswers();
      answer.complete("done");
      assertEquals(
          "done", get(other.call(worker.address(), "x")).text(), "the hub has both answers");
      link.goAway();
      link.comeBack();
      assertEquals("done", get(call).text());
      assertEquals(upTo(1), heard);
    }
  }

  @Test
  void whoIsCancelledWhileItsPiecesWaitIsTold() throws Exception {
    CompletableFuture<ParleyException> told = new CompletableFuture<>();
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    AgentHandler handler =
        (message, context) ->
            CompletableFuture.allOf(
                    context.cancelled().thenAccept(told::complete),
                    context.chunk(0),
                    context.chunk(1).handle((done, failure) -> waiting.complete(null)))
                .thenCompose(all -> new CompletableFuture<String>());
    CompletableFuture<Void> never = new CompletableFuture<>();
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", handler));
        ParleyClient client = get(HUB.client(tenant).connect())) {
      CompletableFuture<CallResult> call =
          client.stream(
              worker.address(),
              "x",
              CallOptions.defaults().window(1),
              piece -> {
                heard.add(piece.intValue());
                never.orTimeout(20, TimeUnit.SECONDS).exceptionally(late -> null).join();
              });
      await().until(() -> heard.size() == 1);
      call.cancel(true);
      assertEquals(ErrorCode.CANCELLED, get(told).code());
      get(waiting);
      never.complete(null);
    }
  }

  @Test
  void anAgentThatFailsOnPurposeIsUnderstoodAsFailed() throws Exception {
    AgentHandler refuses =
        (message, context) ->
            context
                .chunk(0)
                .thenCompose(
                    done ->
                        CompletableFuture.<String>failedFuture(
                            new ParleyException(ErrorCode.CANCELLED, "I stop here")));
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", refuses));
        ParleyClient client = get(HUB.client(tenant).connect())) {
      ParleyException failure =
          assertRefused(
              ErrorCode.AGENT_FAILED,
              client.stream(worker.address(), "x", piece -> heard.add(piece.intValue())));
      assertEquals("cancelled", failure.details().get("agentCode"));
      assertEquals(upTo(1), heard);
    }
  }

  private CompletableFuture<ParleyClient> over(CuttableLink link) {
    return HubExtension.quick(ParleyClient.builder()).url(link.url()).key(tenant.key()).connect();
  }
}
