package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/**
 * Every text that an operation of the contract takes, with what one should not put there: what
 * names something is refused by field and leaves nothing behind, what is for people does no harm.
 */
class HostileNamesTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();
  private static final Contract CONTRACT = Contract.load();
  private static final List<String> HOSTILE =
      List.of(
          "",
          " ",
          "..",
          "../../etc/passwd",
          "a/../b",
          "/a",
          "a/b/c",
          "a:b:c",
          "{a}",
          "a}{b",
          "*",
          "a*",
          "a\u0000b",
          "a\nb",
          "a\r\nSET x y",
          "größe",
          "m\u0430in",
          "main\u200b",
          "\u202eniam",
          "MAIN",
          "main ",
          "-main",
          "ma--in",
          "%2e%2e%2f",
          "\\..\\a",
          "\ud83d\ude00",
          "x".repeat(2_000));

  /** Names of things: what is not one is refused. */
  private static final Set<String> IDENTIFIERS =
      Set.of(
          "tenant",
          "agent",
          "agentId",
          "id",
          "sessionKey",
          "key",
          "keys",
          "sessionId",
          "runId",
          "to",
          "from",
          "parent",
          "messageId",
          "listing",
          "room",
          "party",
          "topic",
          "provider",
          "role",
          "plan",
          "status",
          "payer",
          "after",
          "version",
          "visibility",
          "plugin",
          "tool",
          "sha256",
          "kind",
          "model",
          "baseUrl");

  /**
   * Things of which only a part is a name in itself, or whose texts have a grammar of their own.
   */
  private static final Map<String, Set<String>> FREE =
      Map.of(
          "agents.files.get", Set.of("name"),
          "agents.files.set", Set.of("name", "content"),
          "sessions.patch", Set.of("label"),
          "market.publish", Set.of("title", "description"));

  private static ObjectNode valid(Operation operation, Member tenant) {
    ObjectNode params = Json.object();
    for (JsonNode required : operation.params().path("required")) {
      fill(params, required.asText(), tenant, operation.name());
    }
    if (operation.name().equals("schedule.create")) {
      params.put("agent", "never-made").put("cron", "0 9 * * *");
    }
    return params;
  }

  private static void fill(ObjectNode params, String field, Member tenant, String operation) {
    switch (field) {
      case "agentId", "agent" -> params.put(field, "main");
      case "sessionKey", "key" -> params.put(field, "main");
      case "keys" -> params.putArray(field).add("main");
      case "idempotencyKey", "runId", "id", "messageId" ->
          params.put(field, UUID.randomUUID().toString());
      case "credit", "next" -> params.put(field, 1);
      case "tenant" ->
          params.put(field, operation.equals("signup") ? "never-made" : tenant.tenant());
      case "to" -> params.put(field, "somebody/main");
      case "from" -> params.put(field, tenant.agent("main"));
      case "listing" -> params.put(field, "somebody/thing");
      case "room" -> params.put(field, tenant.agent("hall"));
      case "party" -> params.put(field, "somebody");
      case "topic" -> params.put(field, "news");
      case "mode" -> params.put(field, "all");
      case "provider" -> params.put(field, "openai");
      case "role" -> params.put(field, "viewer");
      case "plugin", "tool" -> params.put(field, "none");
      case "wasm" -> params.put(field, "AGFzbQEAAAA=");
      case "sha256" -> params.put(field, "0".repeat(64));
      case "manifest" -> {
        ObjectNode manifest = params.putObject(field).put("name", "none").put("version", "1.0.0");
        manifest.put("description", "").putArray("grants");
        ObjectNode tool = manifest.putArray("tools").addObject();
        tool.put("name", "run").put("description", "runs");
        tool.putObject("parameters").put("type", "object");
      }
      default -> params.put(field, "text");
    }
  }

  private static List<String> texts(Operation operation) {
    List<String> texts = new ArrayList<>();
    operation
        .params()
        .path("properties")
        .properties()
        .forEach(
            property -> {
              JsonNode schema = property.getValue();
              boolean text =
                  schema.path("type").asText().equals("string")
                      || schema.path("$ref").asText().endsWith("Role")
                      || property.getKey().equals("keys");
              if (text) {
                texts.add(property.getKey());
              }
            });
    return texts;
  }

  private static ObjectNode with(ObjectNode params, String field, String value) {
    if (field.equals("keys")) {
      params.putArray(field).add(value);
    } else {
      params.put(field, value);
    }
    return params;
  }

  @Test
  void aNameThatIsNoneIsRefusedByFieldAndNothingIsWritten() {
    Member tenant = HUB.unmetered(HUB.signUp());
    String admin = HUB.adminKey();
    HUB.succeed(
        "POST",
        "/v1/calls",
        tenant.key(),
        Json.object().put("to", tenant.agent("main")).put("payload", "so that it has its files"));
    String before = everything(tenant);
    List<Executable> checks = new ArrayList<>();
    int probes = 0;
    try (Peer owner = HUB.connect(tenant.key());
        Peer platform = HUB.connect(admin)) {
      for (Operation operation : CONTRACT.operations().values()) {
        if ("".equals(operation.permission())) {
          continue;
        }
        Peer peer = operation.name().startsWith("admin.") ? platform : owner;
        for (String field : texts(operation)) {
          if (!IDENTIFIERS.contains(field)) {
            continue;
          }
          for (String value : HOSTILE) {
            JsonNode answer =
                peer.ask(operation.name(), with(valid(operation, tenant), field, value));
            checks.add(() -> assertRefused(operation, field, value, answer));
            probes++;
          }
        }
      }
      assertTrue(probes > 1_000, "probes: " + probes);
      assertAll(checks);
      assertTrue(owner.alive());
    }
    assertEquals(before, everything(tenant));
  }

  private static void assertRefused(
      Operation operation, String field, String value, JsonNode answer) {
    String what = "%s %s=%s: %s".formatted(operation.name(), field, shown(value), answer);
    if (means(operation.name(), field, value)) {
      assertNotEquals("INTERNAL", answer.at("/error/code").asText(), what);
      return;
    }
    String code = answer.at("/error/code").asText();
    assertTrue(Set.of("INVALID_REQUEST", "NOT_FOUND", "FORBIDDEN").contains(code), what);
    if (code.equals("INVALID_REQUEST")) {
      String blamed = answer.at("/error/details/field").asText();
      assertTrue(blamed.equals(field) || (blamed + "s").equals(field), what);
    }
    assertTrue(answer.at("/error/message").asText().chars().allMatch(c -> c >= ' '), what);
    assertFalse(answer.toString().length() > 2_000, "the answer is as long as the attack: " + what);
  }

  /** Where a text on the list is a good one after all, or asks for nothing in particular. */
  private static boolean means(String operation, String field, String value) {
    return switch (operation + " " + field) {
      case "chat.abort runId", "sessions.abort runId", "agent.cancel id" -> true;
      case "admin.tenants.list after", "chat.send sessionId", "files.search after" -> true;
      case "topic.publish messageId", "topic.publish parent" -> true;
      case "topic.broadcast messageId", "topic.broadcast parent" -> true;
      case "agents.create model", "agents.update model" -> false;
      default ->
          (field.equals("sessionKey") || field.equals("key") || field.equals("keys"))
              && value.chars().allMatch(c -> c > ' ' && c < 127 && c != '{' && c != '}' && c != '*')
              && !value.isEmpty()
              && value.length() <= 500;
    };
  }

  @Test
  void aTextForPeopleDoesNoHarmWhateverItIs() {
    Member tenant = HUB.unmetered(HUB.signUp());
    try (Peer owner = HUB.connect(tenant.key())) {
      for (Operation operation : CONTRACT.operations().values()) {
        if (operation.permission() == null
            || operation.permission().isEmpty()
            || operation.name().startsWith("admin.")) {
          continue;
        }
        for (String field : texts(operation)) {
          boolean free = FREE.getOrDefault(operation.name(), Set.of()).contains(field);
          if (IDENTIFIERS.contains(field) && !free) {
            continue;
          }
          for (String value : HOSTILE) {
            JsonNode answer =
                owner.ask(operation.name(), with(valid(operation, tenant), field, value));
            assertNotEquals(
                "INTERNAL",
                answer.at("/error/code").asText(),
                operation.name() + " " + field + "=" + shown(value) + ": " + answer);
          }
        }
      }
      assertTrue(owner.alive());
    }
    for (Path file : files(HUB.data().resolve("workspace"))) {
      Path relative = HUB.data().resolve("workspace").relativize(file.normalize());
      assertTrue(relative.startsWith(tenant.tenant()) || !relative.toString().contains(".."));
    }
  }

  /** All that the tenant can see of itself, without what merely counts the attack. */
  private static String everything(Member tenant) {
    StringBuilder all = new StringBuilder();
    for (String path :
        List.of(
            "/v1/agents",
            "/v1/keys",
            "/v1/channels",
            "/v1/market/installs",
            "/v1/market/listings?query="
                + URLEncoder.encode(tenant.tenant(), StandardCharsets.UTF_8),
            "/v1/providers",
            "/v1/schedules",
            "/v1/rooms",
            "/v1/topics",
            "/v1/agents/main/files")) {
      all.append(HUB.get(path, tenant.key()).text()).append('\n');
    }
    all.append(HUB.get("/v1/admin/tenants/" + tenant.tenant(), HUB.adminKey()).text());
    all.append(
        HUB.get("/v1/admin/tenants", HUB.adminKey()).body().path("tenants").findValuesAsText("id"));
    return all.toString();
  }

  private static List<Path> files(Path root) {
    try (Stream<Path> files = Files.exists(root) ? Files.walk(root) : Stream.empty()) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String shown(String value) {
    String text = value.length() > 60 ? value.substring(0, 60) + "…" : value;
    return text.codePoints()
        .mapToObj(c -> c >= ' ' && c < 127 ? Character.toString(c) : "\\u%04x".formatted(c))
        .reduce("", String::concat);
  }
}
