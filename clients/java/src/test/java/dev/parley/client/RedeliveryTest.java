package dev.parley.client;

import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.client.HubExtension.Tenant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How often a handler sees a sent message that the hub delivers more than once. */
class RedeliveryTest {
  @RegisterExtension
  static final HubExtension HUB = new HubExtension().with("mail-back-off-ms", "20");

  private final List<String> handled = new CopyOnWriteArrayList<>();
  private final CompletableFuture<String> answer = new CompletableFuture<>();
  private final AgentHandler handler =
      (message, context) -> {
        handled.add(message.id());
        return answer;
      };

  private ParleyClientBuilder agent(Tenant tenant, CuttableLink link) throws Exception {
    HUB.defineRemoteAgent(tenant, "worker");
    return HubExtension.quick(ParleyClient.builder()).url(link.url()).key(tenant.key());
  }

  private static void awaitHandled(ParleyClient sender, String id) {
    await()
        .until(
            () -> get(sender.request("message.get", Map.of("id", id))).path("status").asText(),
            "handled"::equals);
  }

  private static void send(ParleyClient sender, String to, String id) throws Exception {
    get(sender.send(to, "hello", SendOptions.defaults().messageId(id)));
  }

  @Test
  void oneThatComesAgainWhileItIsHandledIsHandledOnce() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent agent = get(agent(tenant, link).connectAgent("worker", handler));
        ParleyClient sender = get(HUB.client(tenant).connect())) {
      send(sender, agent.address(), "m1");
      await().until(() -> handled.size() == 1);
      link.cut();
      await().until(() -> link.opened() == 2);
      await()
          .until(
              () -> get(sender.request("message.get", Map.of("id", "m1"))).path("attempts").asInt(),
              attempts -> attempts == 2);
      answer.complete("done");
      awaitHandled(sender, "m1");
      assertEquals(List.of("m1"), handled);
    }
  }

  @Test
  void oneWhoseAcknowledgementGotLostIsAcknowledgedAgainAndNotHandledAgain() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent agent = get(agent(tenant, link).connectAgent("worker", handler));
        ParleyClient sender = get(HUB.client(tenant).connect())) {
      send(sender, agent.address(), "m1");
      await().until(() -> handled.size() == 1);
      link.goAway();
      answer.complete("done");
      link.comeBack();
      awaitHandled(sender, "m1");
      send(sender, agent.address(), "m2");
      awaitHandled(sender, "m2");
      assertEquals(List.of("m1", "m2"), handled);
    }
  }

  @Test
  void anAgentThatRemembersNothingHandlesItAgain() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent agent = get(agent(tenant, link).remembered(0).connectAgent("worker", handler));
        ParleyClient sender = get(HUB.client(tenant).connect())) {
      send(sender, agent.address(), "m1");
      await().until(() -> handled.size() == 1);
      link.goAway();
      answer.complete("done");
      link.comeBack();
      awaitHandled(sender, "m1");
      assertEquals(List.of("m1", "m1"), handled);
    }
  }
}
