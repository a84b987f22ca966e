package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ParleyAgentTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @Test
  void aMessageIsAnsweredInPiecesAndThenWhole() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "shouter");
    AgentHandler shout =
        (message, context) ->
            context
                .chunk("one")
                .thenCompose(sent -> context.chunk("two"))
                .thenApply(
                    sent -> Map.of("text", message.text().toUpperCase(java.util.Locale.ROOT)));
    List<String> chunks = new CopyOnWriteArrayList<>();
    try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("shouter", shout));
        ParleyClient caller = get(HUB.client(tenant).connect())) {
      CallResult reply =
          get(
              caller.stream(
                  agent.address(), Map.of("text", "hello"), piece -> chunks.add(piece.asText())));
      assertEquals("HELLO", reply.text());
      assertEquals(List.of("one", "two"), chunks);
    }
  }

  @Test
  void aSentMessageWaitsForItsAgentAndComesAgainWhenItsHandlerBreaksDown() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    List<String> seen = new CopyOnWriteArrayList<>();
    AgentHandler handler =
        (message, context) -> {
          seen.add(message.id() + " " + message.text());
          if (seen.size() == 1) {
            throw new IllegalStateException("the first time");
          }
          return CompletableFuture.completedFuture(null);
        };
    try (ParleyClient sender = get(HUB.client(tenant).connect())) {
      String worker = tenant.id() + "/worker";
      SendOptions options = SendOptions.defaults().messageId("m1");
      assertEquals("accepted", get(sender.send(worker, "hello", options)).status());
      assertEquals("m1", get(sender.send(worker, "hello", options)).messageId());
      assertRefused(ErrorCode.CONFLICT, sender.send(worker, "other", options));
      try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("worker", handler))) {
        assertEquals(worker, agent.address());
        await()
            .until(
                () ->
                    get(sender.request("message.get", Map.of("id", "m1"))).path("status").asText(),
                "handled"::equals);
      }
      assertEquals(List.of("m1 hello", "m1 hello"), seen);
    }
  }

  @Test
  void anAgentThatIsCutOffComesBackAndAnswersAgain() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    CompletableFuture<AgentContext> handled = new CompletableFuture<>();
    AgentHandler handler =
        (message, context) ->
            handled.complete(context) ? null : CompletableFuture.completedFuture("answered");
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent agent =
            get(
                HubExtension.quick(ParleyClient.builder())
                    .url(link.url())
                    .key(tenant.key())
                    .connectAgent("worker", handler));
        ParleyClient caller = get(HUB.client(tenant).connect())) {
      CompletableFuture<CallResult> lost = caller.call(agent.address(), "first");
      AgentContext context = get(handled);
      link.cut();
      assertRefused(ErrorCode.AGENT_OFFLINE, lost);
      assertEquals(ErrorCode.UNAVAILABLE, get(context.cancelled()).code());
      assertFalse(context.reply("too late"));
      assertEquals("answered", whenOnline(caller, agent.address()));
    }
  }

  @Test
  void anAgentSurvivesARestartOfTheHub() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    AgentHandler handler = (message, context) -> CompletableFuture.completedFuture("answered");
    try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("worker", handler));
        ParleyClient caller = get(HUB.client(tenant).connect())) {
      HUB.stop();
      HUB.start();
      assertEquals("answered", whenOnline(caller, agent.address()));
      assertFalse(agent.ended().isDone());
    }
  }

  @Test
  void anAgentThatWasDeletedEndsAndSaysSo() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    AgentHandler handler = (message, context) -> CompletableFuture.completedFuture("answered");
    try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("worker", handler))) {
      get(HUB.rest(tenant).request("agents.delete", Map.of("agentId", "worker")));
      assertEquals(ErrorCode.NOT_FOUND, get(agent.ended()).code());
    }
  }

  @Test
  void whatAHandlerThrowsIsItsOwnBusinessUnlessItSaysOtherwise() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    AgentHandler handler =
        (message, context) -> {
          if (message.text().equals("crash")) {
            throw new IllegalStateException("password is 1234");
          }
          throw new ParleyException(ErrorCode.BUDGET_EXCEEDED, "no more today \ud83d");
        };
    try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("worker", handler));
        ParleyClient caller = get(HUB.client(tenant).connect())) {
      ParleyException crashed =
          assertRefused(ErrorCode.AGENT_FAILED, caller.call(agent.address(), "crash"));
      assertFalse(crashed.text().contains("1234"), crashed.text());
      ParleyException told =
          assertRefused(ErrorCode.AGENT_FAILED, caller.call(agent.address(), "tell"));
      assertTrue(told.text().contains("no more today"), told.text());
      assertEquals("budget_exceeded", told.details().get("agentCode"));
    }
  }

  @Test
  void anAgentThatCallsItselfIsStopped() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "mirror");
    AgentHandler handler =
        (message, context) ->
            context.call(tenant.id() + "/mirror", "again").thenApply(CallResult::text);
    try (ParleyAgent agent = get(HUB.client(tenant).connectAgent("mirror", handler));
        ParleyClient caller = get(HUB.client(tenant).connect())) {
      ParleyException stopped =
          assertRefused(ErrorCode.AGENT_FAILED, caller.call(agent.address(), "go"));
      assertEquals("loop_detected", stopped.details().get("agentCode"));
    }
  }

  /** Calls until the agent is back. */
  private static String whenOnline(ParleyClient caller, String address) {
    return await()
        .until(
            () ->
                caller
                    .call(address, "hello")
                    .handle((reply, gone) -> gone == null ? reply.text() : "")
                    .get(20, TimeUnit.SECONDS),
            reply -> !reply.isEmpty());
  }
}
