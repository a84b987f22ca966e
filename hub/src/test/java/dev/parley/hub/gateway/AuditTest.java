package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What owners and auditors read of what was done and refused. */
class AuditTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static List<JsonNode> entries(String path, String key) {
    JsonNode page = HUB.succeed("GET", path, key, Json.object());
    return StreamSupport.stream(page.path("entries").spliterator(), false)
        .map(entry -> Json.parse("text", entry.path("text").asText()))
        .toList();
  }

  private static List<JsonNode> log(Member member) {
    return entries("/v1/audit", member.key());
  }

  private static List<JsonNode> of(List<JsonNode> log, String operation) {
    return log.stream().filter(e -> e.path("operation").asText().equals(operation)).toList();
  }

  @Test
  void whatChangesATenantIsWrittenBeforeItIsAnswered() {
    Member member = HUB.signUp();
    JsonNode key = HUB.newKey(member, Json.object().put("role", "viewer").put("name", "reader"));
    List<JsonNode> log = log(member);

    JsonNode signUp = log.get(0);
    assertEquals("signup", signUp.path("operation").asText());
    assertEquals(member.tenant(), signUp.at("/about/tenant").asText());
    assertEquals(1, signUp.path("seq").asLong());

    JsonNode made = of(log, "keys.create").get(0);
    assertEquals("done", made.path("outcome").asText());
    assertEquals(member.tenant(), made.path("by").asText());
    assertEquals("owner", made.path("role").asText());
    assertEquals("viewer", made.at("/about/role").asText());
    assertEquals(key.at("/key/id").asText(), made.at("/about/made").asText());
    assertEquals("127.0.0.1", made.path("from").asText());
    assertFalse(log.toString().contains(key.path("secret").asText()));
  }

  @Test
  void secretsAreInNoEntry() {
    Member member = HUB.signUp();
    ObjectNode provider =
        Json.object()
            .put("apiKey", "sk-very-secret")
            .put("baseUrl", "https://user:hidden@models.example.org/v1");
    HUB.rest("PUT", "/v1/providers/openai", member.key(), provider);
    String viewer = HUB.newKey(member, "viewer");
    assertEquals(403, HUB.rest("PUT", "/v1/providers/openai", viewer, provider).status());
    await().until(() -> !of(log(member), "providers.set").isEmpty());
    String all = log(member).toString();
    assertFalse(all.contains("sk-very-secret"), all);
    assertFalse(all.contains("hidden"), all);
  }

  @Test
  void aRefusalIsWrittenOnceAndCounted() {
    Member member = HUB.signUp();
    String viewer = HUB.newKey(member, "viewer");
    for (int i = 0; i < 20; i++) {
      assertEquals(
          403, HUB.rest("POST", "/v1/keys", viewer, Json.object().put("role", "owner")).status());
    }
    await().until(() -> refused(log(member)).size() == 1);
    JsonNode refusal = refused(log(member)).get(0);
    assertEquals("keys.create", refusal.path("operation").asText());
    assertEquals("forbidden", refusal.path("code").asText());
    assertEquals("viewer", refusal.path("role").asText());
  }

  private static List<JsonNode> refused(List<JsonNode> log) {
    return log.stream().filter(e -> e.path("outcome").asText().equals("refused")).toList();
  }

  @Test
  void whoseAgentWasCalledWithoutAChannelHearsOfItAndOfWhom() {
    Member caller = HUB.signUp();
    Member called = HUB.signUp();
    ObjectNode call = Json.object().put("to", called.agent("main")).put("payload", "hello");
    assertEquals(404, HUB.rest("POST", "/v1/calls", caller.key(), call).status());
    await().until(() -> refused(log(called)).size() == 1 && refused(log(caller)).size() == 1);
    JsonNode told = refused(log(called)).get(0);
    assertEquals(caller.tenant(), told.path("by").asText());
    assertEquals("foreign", told.path("role").asText());
    assertEquals("", told.path("key").asText());
    assertEquals("", told.path("from").asText(), "where another tenant sits is its own business");
  }

  @Test
  void whatThePlatformDoesToATenantStandsInBothLogs() {
    Member member = HUB.signUp();
    String path = "/v1/admin/tenants/" + member.tenant();
    ObjectNode why = Json.object().put("reason", "did not pay");
    HUB.succeed("POST", path + "/suspend", HUB.adminKey(), why);
    HUB.succeed("POST", path + "/resume", HUB.adminKey(), Json.object());
    HUB.succeed("GET", path + "/usage", HUB.adminKey(), Json.object());

    List<JsonNode> own = log(member);
    assertEquals(
        "did not pay", of(own, "admin.tenants.suspend").get(0).at("/about/reason").asText());
    assertEquals("admin", of(own, "admin.tenants.resume").get(0).path("role").asText());
    assertEquals(1, of(own, "admin.tenants.usage").size());

    String auditor =
        HUB.succeed("POST", "/v1/keys", HUB.adminKey(), Json.object().put("role", "auditor"))
            .path("secret")
            .asText();
    List<JsonNode> platform = entries("/v1/admin/audit?limit=500", auditor);
    assertTrue(
        of(platform, "admin.tenants.suspend").stream()
            .anyMatch(e -> e.at("/about/tenant").asText().equals(member.tenant())));
    assertEquals(own, entries("/v1/admin/audit?tenant=" + member.tenant(), auditor));
  }

  @Test
  void theChainHoldsWhileManyAppendAtOnceAndIsReadInPages() {
    Member member = HUB.unmetered(HUB.signUp());
    IntStream.range(0, 60)
        .parallel()
        .forEach(
            i ->
                HUB.succeed(
                    "POST",
                    "/v1/agents",
                    member.key(),
                    Json.object().put("name", "agent-" + i).put("kind", "remote")));
    AuditChain chain = new AuditChain();
    List<String> made = new ArrayList<>();
    long after = 0;
    JsonNode page;
    do {
      page = HUB.succeed("GET", "/v1/audit?limit=7&after=" + after, member.key(), Json.object());
      assertEquals(chain.head(), page.path("before").asText());
      for (JsonNode entry : page.path("entries")) {
        String text = entry.path("text").asText();
        assertEquals(Optional.empty(), chain.append(text, entry.path("hash").asText()));
        made.add(Json.parse("text", text).at("/about/name").asText());
      }
      after = page.path("next").asLong();
    } while (after > 0);
    assertEquals(chain.head(), page.at("/head/hash").asText());
    assertEquals(chain.next() - 1, page.at("/head/seq").asLong());
    assertTrue(
        made.containsAll(IntStream.range(0, 60).mapToObj(i -> "agent-" + i).toList()),
        made.toString());
  }

  @Test
  void onlyOwnersReadTheirLogAndOnlyThePlatformThatOfOthers() {
    Member member = HUB.signUp();
    Member other = HUB.signUp();
    for (String role : List.of("member", "viewer")) {
      assertEquals(403, HUB.get("/v1/audit", HUB.newKey(member, role)).status(), role);
    }
    assertEquals(401, HUB.get("/v1/audit", "").status());
    assertFalse(log(member).toString().contains(other.tenant()));
    assertEquals(403, HUB.get("/v1/admin/audit?tenant=" + other.tenant(), member.key()).status());
    Answer absent = HUB.get("/v1/admin/audit?tenant=nobody-here", HUB.adminKey());
    assertEquals(404, absent.status());
    for (String wrong : List.of("after=-1", "after=x", "limit=0", "limit=501", "tenant=..%2Fx")) {
      assertEquals(400, HUB.get("/v1/admin/audit?" + wrong, HUB.adminKey()).status(), wrong);
    }
    HUB.succeed(
        "POST", "/v1/admin/tenants/" + member.tenant() + "/suspend", HUB.adminKey(), Json.object());
    assertEquals(403, HUB.get("/v1/audit", member.key()).status());
  }

  @Test
  void aSocketIsWrittenAboutAsAreRequests() {
    Member member = HUB.signUp();
    try (Peer peer = HUB.connect(member.key())) {
      peer.ask("agents.create", Json.object().put("name", "by-socket"));
    }
    assertEquals("by-socket", of(log(member), "agents.create").get(0).at("/about/name").asText());
  }
}
