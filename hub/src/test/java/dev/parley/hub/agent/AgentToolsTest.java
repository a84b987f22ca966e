package dev.parley.hub.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What hosted agents do with their tools, as those who talk to them see it. */
class AgentToolsTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static void agent(Member owner, String name) {
    HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", name));
  }

  /** What the tenant's agent {@code main} answers when it is told something. */
  private static String tell(Member owner, String message) {
    Answer answer =
        HUB.rest(
            "POST",
            "/v1/calls",
            owner.key(),
            Json.object().put("to", owner.agent("main")).put("payload", message));
    assertEquals(200, answer.status(), answer.text());
    JsonNode payload = answer.body().path("payload");
    return payload.isTextual() ? payload.asText() : payload.path("text").asText();
  }

  private static Answer file(Member owner, String name) {
    return HUB.get("/v1/agents/main/files/" + name, owner.key());
  }

  @Test
  void itAsksAnotherAgentOfItsTenantAndPassesTheAnswerOn() {
    Member owner = HUB.signUp();
    agent(owner, "helper");
    String helper = owner.agent("helper");
    assertEquals(helper + " answered: ho ho ho", tell(owner, "ask " + helper + " repeat 3 ho"));
  }

  @Test
  void itAsksAnAgentOfAnotherTenantThroughAChannelAndOnlyThroughOne() {
    Member owner = HUB.signUp();
    Member other = HUB.signUp();
    String abroad = other.agent("main");
    String refused = tell(owner, "ask " + abroad + " repeat 2 hi");
    assertTrue(refused.startsWith(abroad + " did not answer: not_found:"), refused);
    String nowhere = tell(owner, "ask " + other.agent("nobody") + " repeat 2 hi");
    assertEquals(refused.replace(abroad, other.agent("nobody")), nowhere);

    HUB.openChannel(owner, other, "main", Json.object());
    assertEquals(abroad + " answered: hi hi", tell(owner, "ask " + abroad + " repeat 2 hi"));
  }

  @Test
  void itListsTheOthersOfItsTenantAndThoseAChannelLeadsTo() {
    Member owner = HUB.signUp();
    Member friend = HUB.signUp();
    Member stranger = HUB.signUp();
    agent(owner, "helper");
    HUB.openChannel(owner, friend, "main", Json.object().put("purpose", "quotes"));
    String said = tell(owner, "list agents");
    assertTrue(said.contains(owner.agent("helper")), said);
    assertTrue(said.contains(friend.agent("main")) && said.contains("quotes"), said);
    assertFalse(said.contains(owner.agent("main") + "\""), "itself: " + said);
    assertFalse(said.contains(stranger.tenant() + "/"), said);
    assertFalse(tell(friend, "list agents").contains(owner.tenant() + "/"), "one direction only");
  }

  @Test
  void itReadsAndWritesFilesThatItsOwnerSees() {
    Member owner = HUB.signUp();
    assertEquals("I wrote notes.md.", tell(owner, "write notes.md: buy milk"));
    assertTrue(file(owner, "notes.md").text().contains("buy milk"));
    HUB.succeed(
        "PUT",
        "/v1/agents/main/files/price.md",
        owner.key(),
        Json.object().put("content", "42 a piece"));
    assertEquals("price.md says:\n42 a piece", tell(owner, "read price.md"));
    String files = tell(owner, "list files");
    assertTrue(files.contains("notes.md") && files.contains("SOUL.md"), files);
  }

  @Test
  void twoAgentsOfATenantHaveEachTheirOwnFiles() {
    Member owner = HUB.signUp();
    agent(owner, "helper");
    tell(owner, "write secret.md: of main");
    String helper = owner.agent("helper");
    String said = tell(owner, "ask " + helper + " read secret.md");
    assertFalse(said.contains("of main"), said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.md",
        "../../../../admin.key",
        "/etc/passwd",
        "a/../../b.md",
        "..",
        ".",
        "~/x.md",
        "c:\\windows\\x.md",
        "..\\x.md",
        "%2e%2e/x.md",
        "./../main/../../x.md"
      })
  void aHostilePathIsRefusedAndTouchesNothing(String path) throws IOException {
    Member owner = HUB.signUp();
    String read = tell(owner, "read " + path);
    assertFalse(read.contains("root:") || read.contains("prl_"), read);
    assertTrue(read.startsWith("I could not read " + path) || read.startsWith("I am"), read);
    tell(owner, "write " + path + ": owned");
    Path own = Path.of(owner.tenant(), "agents", "main", "workspace");
    try (Stream<Path> all = Files.walk(HUB.data().resolve("workspace"))) {
      for (Path written : all.filter(AgentToolsTest::isOwned).toList()) {
        assertTrue(written.toString().contains("/" + own + "/"), path + " made " + written);
      }
    }
  }

  private static boolean isOwned(Path file) {
    try {
      return Files.isRegularFile(file) && Files.readString(file).equals("owned");
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  @Test
  void cancellingACallEndsTheCallThatTheAgentMadeForIt() {
    Member owner = HUB.signUp();
    HUB.defineRemote(owner, "slow");
    try (Peer slow = HUB.connectAgent(owner.key(), "slow");
        Peer caller = HUB.connect(owner.key())) {
      ObjectNode params =
          Json.object()
              .put("to", owner.agent("main"))
              .put("payload", "ask " + owner.agent("slow") + " anything");
      String request = caller.send("agent.call", params);
      String delivery = slow.delivery().path("id").asText();
      assertTrue(
          caller
              .succeed("agent.cancel", Json.object().put("id", request))
              .path("cancelled")
              .asBoolean());
      JsonNode told = slow.event("agent.cancelled");
      assertEquals(delivery, told.path("id").asText());
      assertEquals(0, HUB.metric("parley_calls_in_flight"));
    }
  }
}
