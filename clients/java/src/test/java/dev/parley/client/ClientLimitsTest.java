package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Everything that waits in a client is bounded, and ends when the client does. */
class ClientLimitsTest {
  /** Of the four requests that the hub takes at a time, one is kept for what is urgent. */
  private static final int PLACES = 3;

  @RegisterExtension
  static final HubExtension HUB =
      new HubExtension().with("offline-pacing-ms", "20").with("max-in-flight", "4");

  private final List<ConnectionState> states = new CopyOnWriteArrayList<>();

  @Test
  void moreRequestsThanTheHubTakesAtOnceTakeTurns() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      List<CompletableFuture<?>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        all.add(client.request("agents.list", Json.object()));
      }
      for (CompletableFuture<?> each : all) {
        get(each);
      }
    }
  }

  @Test
  void aFullQueueRefusesAtOnceAndNamesItsLimit() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = away(link, over(link).maxQueued(2))) {
      List<CompletableFuture<?>> waiting =
          List.of(
              client.request("agents.list", Json.object()),
              client.request("agents.list", Json.object()));
      ParleyException full =
          assertRefused(ErrorCode.RATE_LIMITED, client.request("agents.list", Json.object()));
      assertEquals("client_requests", full.details().get("limit"));
      assertEquals(2L, full.details().get("max"));
      link.comeBack();
      for (CompletableFuture<?> each : waiting) {
        get(each);
      }
      get(client.request("agents.list", Json.object()));
    }
  }

  @Test
  void largeRequestsThatWaitAreBoundedByTheirLength() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = away(link, over(link).maxQueuedChars(10_000))) {
      String large = "x".repeat(6_000);
      CompletableFuture<?> waiting = client.call("sdk/main", large);
      ParleyException full = assertRefused(ErrorCode.RATE_LIMITED, client.call("sdk/main", large));
      assertEquals("client_outgoing_characters", full.details().get("limit"));
      link.comeBack();
      assertRefused(ErrorCode.NOT_FOUND, waiting);
    }
  }

  @Test
  void whatTheHubWouldNotReadIsNotSent() throws Exception {
    Tenant tenant = HUB.signUp();
    try (ParleyClient client = get(HUB.client(tenant).connect())) {
      int limit = client.hello().policy().maxPayload();
      ParleyException refused =
          assertRefused(ErrorCode.PAYLOAD_TOO_LARGE, client.call(tenant.main(), "x".repeat(limit)));
      assertEquals((long) limit, refused.details().get("limit"));
      get(client.request("agents.list", Json.object()));
    }
  }

  @Test
  void textThatIsNoUnicodeIsRefusedAndTheConnectionLives() throws Exception {
    Tenant tenant = HUB.signUp();
    try (ParleyClient client = get(HUB.client(tenant).onState(states::add).connect())) {
      ParleyException refused =
          assertRefused(ErrorCode.INVALID_REQUEST, client.call(tenant.main(), "half \ud83d"));
      assertEquals("payload", refused.details().get("field"));
      get(client.request("agents.list", Json.object()));
      assertEquals(1, states.size());
    }
  }

  @Test
  void closingEndsEverythingThatIsUnderWay() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    List<AgentContext> handled = new CopyOnWriteArrayList<>();
    AgentHandler neverAnswers =
        (message, context) -> {
          handled.add(context);
          return null;
        };
    List<String> told = new CopyOnWriteArrayList<>();
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", neverAnswers))) {
      ParleyClient client = get(HUB.client(tenant).onState(states::add).connect());
      List<CompletableFuture<?>> busy = new ArrayList<>();
      ChatRun run = client.chat(ChatRequest.of("main", "repeat 5000 word"), told::add);
      busy.add(run.reply());
      await().until(() -> !told.isEmpty());
      for (int i = 0; i < 10; i++) {
        busy.add(client.call(worker.address(), "wait"));
      }
      await().until(() -> handled.size() == PLACES);
      client.close();
      for (CompletableFuture<?> each : busy) {
        assertRefused(ErrorCode.CANCELLED, each);
      }
      assertEquals(ErrorCode.CANCELLED, get(client.ended()).code());
      assertRefused(ErrorCode.CANCELLED, client.request("agents.list", Json.object()));
      for (AgentContext each : handled) {
        get(each.cancelled());
      }
      assertEquals(PLACES, handled.size());
      await().until(() -> states.get(states.size() - 1) instanceof ConnectionState.Ended);
      client.close();
      assertEquals(2, states.size(), states::toString);
    }
  }

  @Test
  void aCallThatNobodyWaitsForIsCancelledAtTheAgent() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    CompletableFuture<AgentContext> handled = new CompletableFuture<>();
    AgentHandler neverAnswers =
        (message, context) -> {
          handled.complete(context);
          return null;
        };
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", neverAnswers));
        ParleyClient client = get(HUB.client(tenant).connect())) {
      CompletableFuture<CallResult> call = client.call(worker.address(), "wait");
      AgentContext context = get(handled);
      call.cancel(false);
      assertEquals(ErrorCode.CANCELLED, get(context.cancelled()).code());
      get(client.request("agents.list", Map.of()));
    }
  }

  @Test
  void aCancelAndCreditGoPastCallsThatFillTheWindow() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    List<AgentContext> handled = new CopyOnWriteArrayList<>();
    AgentHandler waits =
        (message, context) -> {
          if (message.text().equals("wait")) {
            handled.add(context);
            return null;
          }
          CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
          for (int i = 0; i < 20; i++) {
            int piece = i;
            sent = sent.thenCompose(before -> context.chunk(piece));
          }
          return sent.thenApply(all -> "done");
        };
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", waits));
        ParleyClient client = get(HUB.client(tenant).connect())) {
      List<CompletableFuture<CallResult>> calls = new ArrayList<>();
      for (int i = 0; i < PLACES - 1; i++) {
        calls.add(client.call(worker.address(), "wait"));
      }
      await().until(() -> handled.size() == PLACES - 1);
      CompletableFuture<CallResult> stream =
          client.stream(worker.address(), "count", CallOptions.defaults().window(2), piece -> {});
      for (int i = 0; i < 10; i++) {
        calls.add(client.call(worker.address(), "wait"));
      }
      assertEquals("done", get(stream).text());
      await().until(() -> handled.size() == PLACES);
      calls.get(0).cancel(false);
      CompletableFuture<?>[] cancelled =
          handled.stream().map(AgentContext::cancelled).toArray(CompletableFuture[]::new);
      ParleyException why = (ParleyException) get(CompletableFuture.anyOf(cancelled));
      assertEquals(ErrorCode.CANCELLED, why.code());
    }
  }

  @Test
  void aSlowListenerGetsEveryPieceInOrder() throws Exception {
    int pieces = 3_000;
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    AgentHandler counts =
        (message, context) -> {
          CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
          for (int i = 0; i < pieces; i++) {
            int piece = i;
            sent = sent.thenCompose(before -> context.chunk(piece));
          }
          return sent.thenApply(all -> "done");
        };
    CompletableFuture<Void> slow = new CompletableFuture<>();
    List<Integer> heard = new CopyOnWriteArrayList<>();
    Consumer<JsonNode> listener =
        piece -> {
          slow.orTimeout(20, TimeUnit.SECONDS).join();
          heard.add(piece.intValue());
        };
    try (ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", counts));
        ParleyClient client = get(HUB.client(tenant).connect());
        ParleyClient other = get(HUB.client(tenant).connect())) {
      CompletableFuture<CallResult> call = client.stream(worker.address(), "count", listener);
      get(other.request("agents.list", Json.object()));
      assertFalse(call.isDone());
      slow.complete(null);
      assertEquals("done", get(call).text());
      assertEquals(IntStream.range(0, pieces).boxed().toList(), heard);
    }
  }

  private ParleyClientBuilder over(CuttableLink link) throws Exception {
    return HubExtension.quick(ParleyClient.builder())
        .url(link.url())
        .key(HUB.signUp().key())
        .onState(states::add);
  }

  private ParleyClient away(CuttableLink link, ParleyClientBuilder builder) throws Exception {
    ParleyClient client = get(builder.connect());
    link.goAway();
    await().until(() -> states.size() > 1);
    return client;
  }
}
