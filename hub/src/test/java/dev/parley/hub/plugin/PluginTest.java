package dev.parley.hub.plugin;

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
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Plugins as the platform's admin, the owners of tenants and their agents meet them. */
class PluginTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("plugin-max-waiting", "64");

  private final Member acme = HUB.signUp();

  @BeforeEach
  void installShipped() {
    PluginFiles.installShipped(HUB, "counter");
    PluginFiles.installShipped(HUB, "textstats");
  }

  private static ObjectNode named(String name) {
    return Json.object().put("name", name);
  }

  private static JsonNode add(Member tenant, String name) {
    Answer answer = PluginFiles.call(HUB, tenant.key(), "counter", "add", named(name));
    assertEquals(200, answer.status(), answer.text());
    return answer.body().path("result");
  }

  private static JsonNode listed(Member tenant, String plugin) {
    for (JsonNode one : HUB.get("/v1/plugins", tenant.key()).body().path("plugins")) {
      if (one.path("name").asText().equals(plugin)) {
        return one;
      }
    }
    throw new AssertionError(plugin + " is not listed");
  }

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

  @Test
  void anOwnerEnablesAPluginAndCallsItsTools() {
    assertFalse(listed(acme, "counter").path("enabled").asBoolean(true));
    PluginFiles.enable(HUB, acme, "counter");
    assertEquals("{\"name\":\"visits\",\"count\":1}", add(acme, "visits").toString());
    Answer by = PluginFiles.call(HUB, acme.key(), "counter", "add", named("visits").put("by", -42));
    assertEquals(-41, by.body().at("/result/count").asInt(), by.text());
    Answer read = PluginFiles.call(HUB, acme.key(), "counter", "read", named("visits"));
    assertEquals(-41, read.body().at("/result/count").asInt());
    assertEquals(
        0,
        PluginFiles.call(HUB, acme.key(), "counter", "read", named("other"))
            .body()
            .at("/result/count")
            .asInt());
    await().until(() -> listed(acme, "counter").at("/used/calls").asInt() == 4);
    JsonNode seen = listed(acme, "counter");
    assertTrue(seen.path("enabled").asBoolean());
    assertEquals("[\"state\"]", seen.path("granted").toString());
    assertEquals(1, seen.at("/state/keys").asInt());
    assertEquals("visits-41".length(), seen.at("/state/bytes").asInt());
  }

  @Test
  void namesWithQuotesAndOtherScriptsAreCountedApart() {
    PluginFiles.enable(HUB, acme, "counter");
    for (String name : List.of("a\",\"by\":5", "größe", "\\", "日本", "a\nb")) {
      assertEquals(1, add(acme, name).path("count").asInt(), name);
      JsonNode second = add(acme, name);
      assertEquals(2, second.path("count").asInt(), name);
      assertEquals(name, second.path("name").asText());
    }
  }

  @Test
  void textIsCountedExactly() {
    PluginFiles.enable(HUB, acme, "textstats");
    String text = "Zwölf Boxkämpfer jagen\n\tViktor 😀 \"quer\"\\ ";
    Answer answer =
        PluginFiles.call(HUB, acme.key(), "textstats", "count", Json.object().put("text", text));
    JsonNode result = answer.body().path("result");
    assertEquals(text.codePointCount(0, text.length()), result.path("characters").asInt());
    assertEquals(6, result.path("words").asInt(), answer.text());
    assertEquals(2, result.path("lines").asInt());
    String large = "word ".repeat(9_999) + "end";
    JsonNode many =
        PluginFiles.call(HUB, acme.key(), "textstats", "count", Json.object().put("text", large))
            .body();
    assertEquals(10_000, many.at("/result/words").asInt(), many.toString());
    assertEquals(
        "{\"characters\":0,\"words\":0,\"lines\":0}",
        PluginFiles.call(HUB, acme.key(), "textstats", "count", Json.object().put("text", ""))
            .body()
            .path("result")
            .toString());
  }

  @Test
  void hostedAgentsHaveTheToolsOfEnabledPluginsAndOnlyThose() {
    String without = tell(acme, "use counter_add {\"name\":\"visits\"}");
    assertTrue(without.contains("I have not been given the tool counter_add"), without);
    PluginFiles.enable(HUB, acme, "counter");
    assertEquals(
        "counter_add answered: {\"name\":\"visits\",\"count\":1}",
        tell(acme, "use counter_add {\"name\":\"visits\"}"));
    assertEquals(2, add(acme, "visits").path("count").asInt());
    String wrong = tell(acme, "use counter_add {\"nom\":\"visits\"}");
    assertTrue(wrong.startsWith("counter_add failed: invalid_request: "), wrong);
    HUB.succeed("POST", "/v1/plugins/counter/disable", acme.key(), Json.object());
    String after = tell(acme, "use counter_add {\"name\":\"visits\"}");
    assertTrue(after.contains("I have not been given the tool counter_add"), after);
  }

  @Test
  void whatAPluginKeepsIsItsTenantsOnly() {
    Member globex = HUB.signUp();
    PluginFiles.enable(HUB, acme, "counter");
    PluginFiles.enable(HUB, globex, "counter");
    for (int i = 1; i <= 3; i++) {
      assertEquals(i, add(acme, "visits").path("count").asInt());
    }
    assertEquals(1, add(globex, "visits").path("count").asInt());
    assertEquals(4, add(acme, "visits").path("count").asInt());
    await().until(() -> listed(globex, "counter").at("/used/calls").asInt() == 1);
  }

  @Test
  void callsSideBySideLoseNoCount() {
    PluginFiles.enable(HUB, acme, "counter");
    int calls = 40;
    try (Peer one = HUB.connect(acme.key());
        Peer two = HUB.connect(acme.key())) {
      for (int i = 0; i < calls; i++) {
        ObjectNode params = Json.object().put("plugin", "counter").put("tool", "add");
        params.set("arguments", named("side"));
        (i % 2 == 0 ? one : two).send("plugins.call", params);
      }
      for (int i = 0; i < calls; i++) {
        JsonNode answer = (i % 2 == 0 ? one : two).answer();
        assertTrue(answer.path("ok").asBoolean(), answer.toString());
      }
    }
    assertEquals(calls + 1, add(acme, "side").path("count").asInt());
  }

  @Test
  void disablingKeepsTheStateUnlessItIsToBeErased() {
    PluginFiles.enable(HUB, acme, "counter");
    add(acme, "visits");
    String disable = "/v1/plugins/counter/disable";
    HUB.succeed("POST", disable, acme.key(), Json.object());
    assertEquals(
        404, PluginFiles.call(HUB, acme.key(), "counter", "add", named("visits")).status());
    assertEquals(404, HUB.rest("POST", disable, acme.key(), Json.object()).status());
    PluginFiles.enable(HUB, acme, "counter");
    assertEquals(2, add(acme, "visits").path("count").asInt());
    HUB.succeed("POST", disable, acme.key(), Json.object().put("eraseState", true));
    PluginFiles.enable(HUB, acme, "counter");
    assertEquals(1, add(acme, "visits").path("count").asInt());
  }

  @Test
  void aPluginThatIsRemovedIsGoneForAllAndAnotherOfItsNameInheritsNothing() {
    ObjectNode manifest = PluginFiles.manifest("counter").put("name", "shortlived");
    ObjectNode params = PluginFiles.params(manifest, PluginFiles.shipped("counter"));
    assertEquals(200, PluginFiles.install(HUB, params).status());
    PluginFiles.enable(HUB, acme, "shortlived");
    PluginFiles.call(HUB, acme.key(), "shortlived", "add", named("x"));
    HUB.succeed("DELETE", "/v1/admin/plugins/shortlived", HUB.adminKey(), Json.object());
    assertEquals(404, PluginFiles.call(HUB, acme.key(), "shortlived", "add", named("x")).status());
    assertEquals(
        404, HUB.rest("POST", "/v1/plugins/shortlived/enable", acme.key(), Json.object()).status());
    assertEquals(
        404,
        HUB.rest("DELETE", "/v1/admin/plugins/shortlived", HUB.adminKey(), Json.object()).status());
    assertEquals(200, PluginFiles.install(HUB, params).status());
    assertEquals(404, PluginFiles.call(HUB, acme.key(), "shortlived", "add", named("x")).status());
    assertEquals(404, PluginFiles.call(HUB, acme.key(), "shortlived", "read", named("x")).status());
    PluginFiles.enable(HUB, acme, "shortlived");
    assertEquals(
        1,
        PluginFiles.call(HUB, acme.key(), "shortlived", "add", named("x"))
            .body()
            .at("/result/count")
            .asInt());
  }

  @Test
  void aNewerVersionKeepsItsStateAndGetsWhatItWantsAnewOnlyWhenEnabledAgain() {
    byte[] plain = PluginFiles.hostile("fine");
    byte[] wanting = PluginFiles.hostile("misbehave");
    ObjectNode first = PluginFiles.manifest("growing", "1.9.0", "", "run");
    assertEquals(200, PluginFiles.install(HUB, PluginFiles.params(first, plain)).status());
    PluginFiles.enable(HUB, acme, "growing");
    ObjectNode second =
        PluginFiles.manifest("growing", "1.10.0", "state log", "log_flood", "state_put_delete");
    for (String older : List.of("1.9.0", "1.8.99", "0.99.99")) {
      ObjectNode again = second.deepCopy().put("version", older);
      Answer refused = PluginFiles.install(HUB, PluginFiles.params(again, wanting));
      assertEquals("conflict", refused.errorCode(), older);
    }
    assertEquals(200, PluginFiles.install(HUB, PluginFiles.params(second, wanting)).status());
    for (String tool : List.of("log_flood", "state_put_delete")) {
      Answer refused = PluginFiles.call(HUB, acme.key(), "growing", tool, Json.object());
      assertEquals(403, refused.status(), refused.text());
      assertEquals("plugin_not_granted", refused.body().at("/error/details/code").asText());
    }
    assertEquals("[]", listed(acme, "growing").path("granted").toString());
    PluginFiles.enable(HUB, acme, "growing");
    for (String tool : List.of("log_flood", "state_put_delete")) {
      Answer granted = PluginFiles.call(HUB, acme.key(), "growing", tool, Json.object());
      assertEquals(200, granted.status(), granted.text());
    }
  }

  @Test
  void whatDoesNotFitTheToolIsRefused() {
    PluginFiles.enable(HUB, acme, "counter");
    for (ObjectNode arguments :
        List.of(
            Json.object(),
            named(""),
            named("x".repeat(41)),
            named("x").put("by", "2"),
            named("x").put("by", 1.5),
            named("x").put("more", 1))) {
      Answer refused = PluginFiles.call(HUB, acme.key(), "counter", "add", arguments);
      assertEquals("invalid_request", refused.errorCode(), arguments.toString());
      assertEquals("arguments", refused.body().at("/error/details/field").asText());
    }
    assertEquals(
        "not_found", PluginFiles.call(HUB, acme.key(), "counter", "alloc", named("x")).errorCode());
    assertEquals(
        "payload_too_large",
        PluginFiles.call(HUB, acme.key(), "counter", "add", named("x".repeat(70_000))).errorCode());
  }

  @Test
  void onlyTheOwnerOfATenantWhoIsActiveUsesThem() {
    PluginFiles.enable(HUB, acme, "counter");
    add(acme, "visits");
    List<String> refused = new ArrayList<>();
    for (String role : List.of("member", "viewer")) {
      refused.add(HUB.newKey(acme, role));
    }
    refused.add(
        HUB.newKey(acme, Json.object().put("role", "agent").put("agent", "main"))
            .path("secret")
            .asText());
    refused.add(HUB.adminKey());
    JsonNode gone = HUB.newKey(acme, Json.object().put("role", "owner"));
    HUB.succeed("DELETE", "/v1/keys/" + gone.at("/key/id").asText(), acme.key(), Json.object());
    for (String key : refused) {
      assertAllRefused(403, key);
    }
    assertAllRefused(401, gone.path("secret").asText());
    assertAllRefused(401, "");
    await().until(() -> listed(acme, "counter").at("/used/calls").asInt() == 1);
    HUB.succeed(
        "POST", "/v1/admin/tenants/" + acme.tenant() + "/suspend", HUB.adminKey(), Json.object());
    assertAllRefused(403, acme.key());
    HUB.succeed(
        "POST", "/v1/admin/tenants/" + acme.tenant() + "/resume", HUB.adminKey(), Json.object());
    assertEquals(2, add(acme, "visits").path("count").asInt());
  }

  private static void assertAllRefused(int status, String key) {
    assertEquals(status, HUB.get("/v1/plugins", key).status());
    assertEquals(status, PluginFiles.call(HUB, key, "counter", "add", named("visits")).status());
    for (String operation : List.of("enable", "disable")) {
      String path = "/v1/plugins/counter/" + operation;
      assertEquals(status, HUB.rest("POST", path, key, Json.object()).status(), operation);
    }
  }

  @Test
  void onlyTheAdminInstallsAndRemoves() {
    ObjectNode params =
        PluginFiles.params(
            PluginFiles.manifest("counter").put("name", "smuggled"),
            PluginFiles.shipped("counter"));
    String auditor =
        HUB.succeed("POST", "/v1/keys", HUB.adminKey(), Json.object().put("role", "auditor"))
            .path("secret")
            .asText();
    for (String key : List.of(acme.key(), auditor, "")) {
      int status = key.isEmpty() ? 401 : 403;
      assertEquals(status, HUB.rest("POST", "/v1/admin/plugins", key, params).status());
      assertEquals(
          status, HUB.rest("DELETE", "/v1/admin/plugins/counter", key, Json.object()).status());
    }
    assertEquals(403, HUB.get("/v1/admin/plugins", acme.key()).status());
    String seen = HUB.get("/v1/admin/plugins", auditor).text();
    assertTrue(seen.contains("\"counter\"") && !seen.contains("smuggled"), seen);
  }

  @Test
  void whatIsInstalledIsWhatItsHashSays() {
    byte[] wasm = PluginFiles.shipped("counter");
    ObjectNode manifest = PluginFiles.manifest("counter").put("name", "hashed");
    Answer wrong =
        PluginFiles.install(HUB, PluginFiles.params(manifest, wasm).put("sha256", "0".repeat(64)));
    assertEquals("invalid_request", wrong.errorCode());
    assertEquals("sha256", wrong.body().at("/error/details/field").asText());
    Answer installed = PluginFiles.install(HUB, PluginFiles.params(manifest, wasm));
    assertEquals(
        PluginFiles.sha256(wasm), installed.body().at("/plugin/sha256").asText(), installed.text());
    assertEquals(wasm.length, installed.body().at("/plugin/bytes").asInt());
  }

  @Test
  void whatAPluginKeepsOutlivesARestart() {
    try (HubExtension other = HubExtension.with().start()) {
      Member owner = other.signUp();
      PluginFiles.installShipped(other, "counter");
      PluginFiles.enable(other, owner, "counter");
      PluginFiles.call(other, owner.key(), "counter", "add", named("visits"));
      other.stop();
      other.start();
      Answer answer = PluginFiles.call(other, owner.key(), "counter", "add", named("visits"));
      assertEquals(2, answer.body().at("/result/count").asInt(), answer.text());
    }
  }
}
