package dev.parley.client;

import static dev.parley.client.HubExtension.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.client.HubExtension.Tenant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
}
