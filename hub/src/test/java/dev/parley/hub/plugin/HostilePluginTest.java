package dev.parley.hub.plugin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Plugins that do what they should not: each is stopped, its caller is told, all else goes on. */
class HostilePluginTest {
  private static final int PAGES = 8;
  private static final int STATE_KEYS = 10;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "plugin-cpu-ms",
          "200",
          "plugin-timeout-ms",
          "20000",
          "plugin-memory-pages",
          Integer.toString(PAGES),
          "plugin-state-keys",
          Integer.toString(STATE_KEYS),
          "plugin-state-bytes",
          "4000",
          "max-plugins",
          "1000",
          "plugin-max-waiting",
          "4");

  private final Member acme = HUB.signUp();

  private Answer run(String tool) {
    String plugin = PluginFiles.misbehaving(HUB, acme, tool);
    return PluginFiles.call(HUB, acme.key(), plugin, tool, Json.object());
  }

  private static String detail(Answer answer) {
    return answer.body().at("/error/details/code").asText();
  }

  @ParameterizedTest
  @CsvSource({
    "spin, agent_failed, plugin_cpu",
    "spin_filling, agent_failed, plugin_cpu",
    "spin_table, agent_failed, plugin_cpu",
    "recurse, agent_failed, plugin_stack",
    "recurse_wide, agent_failed, plugin_stack",
    "trap, agent_failed, plugin_trapped",
    "divide, agent_failed, plugin_trapped",
    "load_wild, agent_failed, plugin_trapped",
    "fails, agent_failed, plugin_failed",
    "out_wild, agent_failed, plugin_bad_request",
    "out_negative, agent_failed, plugin_output",
    "out_large, agent_failed, plugin_output",
    "out_text, agent_failed, plugin_output",
    "out_bytes, agent_failed, plugin_bad_request",
    "out_nothing, agent_failed, plugin_output",
    "state_wild, agent_failed, plugin_bad_request",
    "state_negative, limit_exceeded, plugin_state",
    "state_bytes, agent_failed, plugin_bad_request",
    "state_large, limit_exceeded, plugin_state",
    "state_evil_alloc, agent_failed, plugin_bad_request",
    "state_keys_many, limit_exceeded, plugin_state",
    "state_then_trap, agent_failed, plugin_trapped"
  })
  void isStoppedWithAnErrorThatSaysWhy(String tool, String code, String detail) {
    Answer answer = run(tool);
    assertEquals(code, answer.errorCode(), answer.text());
    assertEquals(detail, detail(answer), answer.text());
    assertEquals(0, state(acme).path("keys").asInt(), "nothing is kept of a call that failed");
    Answer fine = run("linger");
    assertEquals(1, fine.body().at("/result/n").asInt(), fine.text());
  }

  private static JsonNode state(Member tenant) {
    return HUB
        .get("/v1/plugins", tenant.key())
        .body()
        .path("plugins")
        .findParents("enabled")
        .stream()
        .filter(plugin -> plugin.path("enabled").asBoolean())
        .findFirst()
        .orElseThrow()
        .path("state");
  }

  @Test
  void getsNoMoreMemoryThanItMay() {
    Answer answer = run("grow");
    assertEquals(PAGES, answer.body().at("/result/n").asInt(), answer.text());
  }

  @Test
  void findsNothingOfAnEarlierCallInItsMemory() {
    String plugin = PluginFiles.misbehaving(HUB, acme, "linger");
    Member globex = HUB.signUp();
    PluginFiles.enable(HUB, globex, plugin);
    for (Member tenant : List.of(acme, acme, globex, acme)) {
      Answer answer = PluginFiles.call(HUB, tenant.key(), plugin, "linger", Json.object());
      assertEquals(1, answer.body().at("/result/n").asInt(), answer.text());
    }
  }

  @Test
  void whatItSaysOfItsFailureCannotActOnATerminal() {
    String text = run("fails").body().at("/error/message").asText();
    assertTrue(text.contains("line one line two  [31m"), text);
    assertFalse(text.chars().anyMatch(Character::isISOControl), text);
  }

  @Test
  void readsItsOwnChangesAndAKeyThatWasDeletedIsGone() {
    assertEquals("[]", run("state_put_delete").body().path("result").toString());
    assertEquals("[]", run("state_list").body().path("result").toString());
  }

  @Test
  void aFloodOfLinesIsCutShortAndEachSaysWhoseItIs() {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.parley.plugin");
    ListAppender<ILoggingEvent> seen = new ListAppender<>();
    seen.start();
    logger.addAppender(seen);
    try {
      Answer answer = run("log_flood");
      assertEquals(200, answer.status(), answer.text());
    } finally {
      logger.detachAppender(seen);
    }
    List<ILoggingEvent> lines =
        List.copyOf(seen.list).stream()
            .filter(line -> line.getFormattedMessage().startsWith(acme.tenant() + " "))
            .toList();
    assertEquals(21, lines.size());
    assertTrue(lines.get(0).getFormattedMessage().endsWith(": line one line two  [31m"));
    assertTrue(lines.get(0).getKeyValuePairs().toString().contains(acme.tenant()));
  }

  @Test
  void othersGoOnWhileOneTenantsPluginsSpin() {
    String plugin = PluginFiles.misbehaving(HUB, acme, "spin", "linger");
    Member globex = HUB.signUp();
    PluginFiles.enable(HUB, globex, plugin);
    try (Peer flooder = HUB.connect(acme.key())) {
      int calls = 12;
      for (int i = 0; i < calls; i++) {
        ObjectNode params = Json.object().put("plugin", plugin).put("tool", "spin");
        flooder.send("plugins.call", params);
      }
      Answer calm = PluginFiles.call(HUB, globex.key(), plugin, "linger", Json.object());
      assertEquals(200, calm.status(), calm.text());
      List<String> ends = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        ends.add(flooder.answer().at("/error/code").asText());
      }
      assertTrue(ends.contains("UNAVAILABLE") || ends.contains("RATE_LIMITED"), ends.toString());
      assertTrue(ends.contains("AGENT_FAILED"), ends.toString());
    }
  }

  @Test
  void theCpuTimeOfATenantIsMeasured() {
    run("spin");
    String metrics = HUB.get("/metrics", HUB.adminKey()).text();
    double ms =
        metrics
            .lines()
            .filter(
                line ->
                    line.startsWith(
                        "parley_plugins_cpu_ms_total{tenant=\"" + acme.tenant() + "\"}"))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf('}') + 2)))
            .findFirst()
            .orElse(-1);
    boolean counted = ms > 150 && ms < 1_000;
    boolean shared = ms < 0 && metrics.contains("parley_plugins_cpu_ms_total{tenant=\"other\"}");
    assertTrue(counted || shared, "ms: " + ms);
    await().until(() -> used().path("failed").asInt() == 1);
    assertEquals(1, used().path("calls").asInt());
    assertTrue(used().path("cpuMs").asInt() >= 150, used().toString());
  }

  private JsonNode used() {
    return HUB.get("/v1/plugins", acme.key()).body().findParent("granted").path("used");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "import-unknown",
        "import-wasi",
        "import-invented",
        "import-mistyped",
        "import-memory",
        "import-global",
        "ungranted",
        "memory-huge",
        "memory-none",
        "memory-hidden",
        "alloc-none",
        "alloc-mistyped",
        "tool-none",
        "tool-mistyped",
        "start-loop",
        "table-huge",
        "table-grow",
        "data-drop",
        "locals-many"
      })
  void isRefusedWhenItIsInstalled(String module) {
    ObjectNode manifest = PluginFiles.manifest("refused", "1.0.0", "log", "run");
    Answer answer =
        PluginFiles.install(HUB, PluginFiles.params(manifest, PluginFiles.hostile(module)));
    assertEquals("invalid_request", answer.errorCode(), answer.text());
    assertEquals("wasm", answer.body().at("/error/details/field").asText(), answer.text());
    assertFalse(HUB.get("/v1/admin/plugins", HUB.adminKey()).text().contains("\"refused\""));
  }

  @Test
  void dataOutsideItsMemoryFailsTheCallOnly() {
    ObjectNode manifest = PluginFiles.manifest("outside", "1.0.0", "", "run");
    PluginFiles.install(HUB, PluginFiles.params(manifest, PluginFiles.hostile("data-outside")));
    PluginFiles.enable(HUB, acme, "outside");
    Answer answer = PluginFiles.call(HUB, acme.key(), "outside", "run", Json.object());
    assertEquals("plugin_trapped", detail(answer), answer.text());
  }

  @Test
  void bytesThatAreNoModuleAreRefused() {
    byte[] good = PluginFiles.hostile("misbehave");
    ObjectNode manifest = PluginFiles.manifest("broken", "1.0.0", "state log", "spin");
    List<byte[]> all = new ArrayList<>();
    all.add("not a module".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    all.add(new byte[1]);
    for (int length = 0; length < good.length; length += 97) {
      all.add(java.util.Arrays.copyOf(good, length));
    }
    assertAll(
        all.stream()
            .filter(bytes -> bytes.length > 0)
            .map(
                bytes ->
                    () -> {
                      Answer answer = PluginFiles.install(HUB, PluginFiles.params(manifest, bytes));
                      assertEquals(400, answer.status(), bytes.length + " " + answer.text());
                    }));
    Answer noBase64 =
        PluginFiles.install(HUB, PluginFiles.params(manifest, good).put("wasm", "%%%%"));
    assertEquals("wasm", noBase64.body().at("/error/details/field").asText(), noBase64.text());
    Answer large = PluginFiles.install(HUB, PluginFiles.params(manifest, new byte[600 << 10]));
    assertEquals("payload_too_large", large.errorCode());
  }

  @Test
  void manifestsThatWouldPassForSomethingElseAreRefused() {
    byte[] fine = PluginFiles.hostile("fine");
    List<ObjectNode> manifests = new ArrayList<>();
    for (String name : List.of("call", "list", "read", "write", "a_b", "A", "..", "a/b", "")) {
      manifests.add(PluginFiles.manifest(name, "1.0.0", "", "run"));
    }
    manifests.add(PluginFiles.manifest("bad", "1.0", "", "run"));
    manifests.add(PluginFiles.manifest("bad", "1.0.0", "http", "run"));
    manifests.add(PluginFiles.manifest("bad", "1.0.0", "files", "run"));
    manifests.add(PluginFiles.manifest("bad", "1.0.0", "", "run", "run"));
    manifests.add(PluginFiles.manifest("bad", "1.0.0", ""));
    manifests.add(PluginFiles.manifest("bad", "1.0.0", "", "../run"));
    for (String parameters :
        List.of(
            "{}",
            "{\"type\":\"string\"}",
            "{\"type\":\"object\",\"$ref\":\"http://127.0.0.1/x\"}",
            "{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(a+)+$\"}}}",
            "{\"type\":\"object\",\"patternProperties\":{\"(a+)+$\":{}}}",
            "{\"type\":\"object\",\"properties\":{\"a\":7}}")) {
      ObjectNode manifest = PluginFiles.manifest("bad", "1.0.0", "", "run");
      ((ObjectNode) manifest.at("/tools/0")).set("parameters", Json.parse("p", parameters));
      manifests.add(manifest);
    }
    assertAll(
        manifests.stream()
            .map(
                manifest ->
                    () ->
                        assertEquals(
                            "invalid_request",
                            PluginFiles.install(HUB, PluginFiles.params(manifest, fine))
                                .errorCode(),
                            manifest.toString())));
  }
}
