package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the official OpenClaw clients send, and the fields that they read of the answers. */
class OpenClawClientTest {
  private static final String MAIN = "agent:main:main";

  @RegisterExtension static final HubExtension HUB = HubExtension.with("offline-pacing-ms", "5");

  private static ObjectNode json(String text) {
    return Json.parseObject("params", text.replace('\'', '"'));
  }

  /** {@code openclaw gateway call}: asks for the least that the method needs. */
  private static Peer commandLine(Member member, String scope) {
    ObjectNode params =
        json(
            "{'minProtocol':4,'maxProtocol':4,'client':{'id':'cli','version':'2026.9.6',"
                + "'platform':'linux','deviceFamily':'Linux','mode':'cli','instanceId':'i-1'},"
                + "'caps':[],'role':'operator'}");
    params.putArray("scopes").add(scope);
    params.putObject("auth").put("token", member.key());
    return connected(params);
  }

  /** {@code openclaw tui}: identifies its device, asks for every right, wants events of tools. */
  private static Peer terminal(Member member) {
    ObjectNode params =
        json(
            "{'minProtocol':4,'maxProtocol':4,'client':{'id':'openclaw-tui',"
                + "'displayName':'openclaw-tui','version':'2026.9.6','platform':'linux',"
                + "'deviceFamily':'Linux','mode':'ui','instanceId':'i-2'},"
                + "'caps':['agent-kind','plugin-approvals','task-suggestions','tool-events'],"
                + "'role':'operator','scopes':['operator.admin','operator.read','operator.write',"
                + "'operator.approvals'],'device':{'id':'d-1','publicKey':'AAAA',"
                + "'signature':'AAAA','signedAt':1800000000000,'nonce':'n-1'}}");
    params.putObject("auth").put("token", member.key());
    return connected(params);
  }

  private static Peer connected(ObjectNode params) {
    Peer peer = HUB.open();
    assertFalse(peer.event("connect.challenge").path("nonce").asText().isEmpty());
    peer.hello(params);
    return peer;
  }

  private static JsonNode call(Member member, String scope, String method, String params) {
    try (Peer peer = commandLine(member, scope)) {
      return peer.succeed(method, json(params));
    }
  }

  private static String start(Peer peer, String message) {
    String run = UUID.randomUUID().toString();
    JsonNode started =
        peer.succeed(
            "chat.send",
            json("{'sessionKey':'agent:main:main','sessionId':'s-1','deliver':false}")
                .put("message", message)
                .put("idempotencyKey", run));
    assertEquals(run, started.path("runId").asText());
    assertEquals("started", started.path("status").asText());
    return run;
  }

  /** The events of a run up to its end and the session's change after it. */
  private static List<JsonNode> untilSettled(Peer peer, String run) {
    List<JsonNode> events = new ArrayList<>();
    peer.next(
        frame -> {
          if (frame.at("/payload/runId").asText().equals(run)) {
            events.add(frame);
          }
          return frame.path("event").asText().equals("sessions.changed")
              && frame.at("/payload/runId").asText().equals(run)
              && frame.at("/payload/phase").asText().equals("end");
        });
    return events;
  }

  private static List<JsonNode> payloads(List<JsonNode> events, String name) {
    return events.stream()
        .filter(event -> event.path("event").asText().equals(name))
        .map(event -> event.path("payload"))
        .toList();
  }

  private static String ofState(List<JsonNode> chats, String state, String pointer) {
    return chats.stream()
        .filter(chat -> chat.path("state").asText().equals(state))
        .map(chat -> chat.at(pointer).asText())
        .reduce("", String::concat);
  }

  @Test
  void theFourCallsOfTheCommandLineShowEachTenantItsOwn() {
    Member one = HUB.signUp();
    Member other = HUB.signUp();
    for (Member member : List.of(one, other)) {
      JsonNode health = call(member, "operator.read", "health", "{}");
      assertTrue(health.path("ok").asBoolean());
      assertTrue(health.path("channels").isObject() && health.path("channelOrder").isArray());
      assertEquals("main", health.path("defaultAgentId").asText());
      assertEquals(0, health.at("/agents/0/sessions/count").asInt(), health.toString());
      JsonNode agents = call(member, "operator.read", "agents.list", "{}");
      assertEquals(1, agents.path("agents").size());
      assertEquals(member.agent("main"), agents.at("/agents/0/address").asText());
      assertEquals("main", agents.path("defaultId").asText());
      assertEquals("offline/parley-1", agents.at("/agents/0/model/primary").asText());

      try (Peer watcher = terminal(member)) {
        watcher.succeed("sessions.subscribe", Json.object());
        JsonNode sent =
            call(
                member,
                "operator.write",
                "chat.send",
                "{'sessionKey':'main','message':'repeat 1 %s','idempotencyKey':'same-1'}"
                    .formatted(member.tenant()));
        assertEquals("same-1", sent.path("runId").asText());
        untilSettled(watcher, "same-1");
      }
      JsonNode history =
          call(member, "operator.read", "chat.history", "{'sessionKey':'main','limit':200}");
      assertEquals(MAIN, history.path("sessionKey").asText());
      assertEquals(2, history.path("messages").size(), history.toString());
      JsonNode user = history.at("/messages/0");
      assertEquals("user", user.path("role").asText());
      assertEquals("repeat 1 " + member.tenant(), user.path("content").asText());
      assertEquals("same-1:user", user.path("idempotencyKey").asText());
      assertEquals(1, user.at("/__openclaw/seq").asInt());
      JsonNode reply = history.at("/messages/1");
      assertEquals("assistant", reply.path("role").asText());
      assertEquals(member.tenant(), reply.at("/content/0/text").asText());
      assertEquals("same-1", reply.at("/__openclaw/runId").asText());
      assertFalse(history.path("hasMore").asBoolean(true));
      assertFalse(history.path("sessionId").asText().isEmpty());
    }
  }

  @Test
  void theTerminalStartsUp() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      JsonNode hello = tui.hello();
      assertEquals(
          "[\"operator.read\",\"operator.write\",\"operator.admin\"]",
          hello.at("/auth/scopes").toString());
      List<String> methods = new ArrayList<>();
      hello.at("/features/methods").forEach(name -> methods.add(name.asText()));
      assertFalse(methods.contains("taskSuggestions.list"), "it would be called");
      assertTrue(tui.succeed("sessions.subscribe", Json.object()).path("subscribed").asBoolean());
      assertEquals("main", tui.succeed("agents.list", Json.object()).path("mainKey").asText());
      assertTrue(tui.succeed("question.list", Json.object()).path("questions").isArray());
      assertTrue(tui.succeed("plugin.approval.list", Json.object()).isArray());
      JsonNode history =
          tui.succeed("chat.history", json("{'sessionKey':'agent:main:main','limit':200}"));
      assertEquals("[]", history.path("messages").toString());
      assertTrue(history.at("/sessionInfo/updatedAt").isNull(), history.toString());
      assertEquals("parley-1", history.at("/defaults/model").asText());
      assertTrue(
          tui.succeed(
                  "commands.list", json("{'agentId':'main','scope':'text','includeArgs':false}"))
              .path("commands")
              .isArray());
    }
  }

  @Test
  void theTerminalSeesTheReplyGrowAndTheSessionSettle() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      tui.succeed("sessions.subscribe", Json.object());
      String run = start(tui, "repeat 4 yes");
      List<JsonNode> events = untilSettled(tui, run);

      List<JsonNode> chats = payloads(events, "chat");
      assertEquals("yes yes yes yes", ofState(chats, "delta", "/deltaText"));
      String soFar = "";
      long seq = 0;
      for (JsonNode chat : chats) {
        assertEquals(MAIN, chat.path("sessionKey").asText());
        assertTrue(chat.path("seq").asLong() > seq, chats.toString());
        seq = chat.path("seq").asLong();
        soFar += chat.path("deltaText").asText();
        assertEquals(soFar, chat.at("/message/content/0/text").asText());
      }
      JsonNode last = chats.get(chats.size() - 1);
      assertEquals("final", last.path("state").asText());
      assertEquals("stop", last.path("stopReason").asText());
      assertEquals(1, chats.stream().filter(c -> c.path("state").asText().equals("final")).count());

      List<String> rows =
          payloads(events, "session.message").stream()
              .map(row -> row.at("/message/role").asText())
              .toList();
      assertEquals(List.of("user", "assistant"), rows);
      List<JsonNode> changes = payloads(events, "sessions.changed");
      JsonNode settled = changes.get(changes.size() - 1);
      assertFalse(settled.path("hasActiveRun").asBoolean(true));
      assertEquals("done", settled.at("/session/status").asText());

      JsonNode row = tui.succeed("sessions.describe", json("{'key':'agent:main:main'}"));
      assertFalse(row.at("/session/hasActiveRun").asBoolean(true));
      assertEquals(16_000, row.at("/session/contextTokens").asInt());
      JsonNode list = tui.succeed("sessions.list", json("{'agentId':'main','limit':1}"));
      assertEquals("offline", list.at("/defaults/modelProvider").asText());
    }
  }

  @Test
  void aTerminalThatComesInMidRunIsToldWhatWasSaidSoFar() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member);
        Peer late = terminal(member)) {
      String run = start(tui, "repeat 2000 word");
      tui.next(
          frame ->
              frame.at("/payload/state").asText().equals("delta")
                  && frame.at("/payload/seq").asInt() > 6);
      JsonNode history =
          late.succeed("chat.history", json("{'sessionKey':'agent:main:main','limit':200}"));
      assertEquals(run, history.at("/inFlightRun/runId").asText());
      assertTrue(history.at("/inFlightRun/text").asText().startsWith("word word"));
      assertEquals(run, history.at("/sessionInfo/activeRunIds/0").asText());
      late.succeed("chat.abort", json("{'sessionKey':'agent:main:main'}"));
    }
  }

  @Test
  void escapeStopsTheRunAndKeepsWhatWasSaid() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      tui.succeed("sessions.subscribe", Json.object());
      String run = start(tui, "repeat 2000 word");
      tui.next(frame -> frame.at("/payload/state").asText().equals("delta"));
      JsonNode stopped =
          tui.succeed(
              "chat.abort", json("{'sessionKey':'agent:main:main','preserveSideRuns':true}"));
      assertTrue(stopped.path("aborted").asBoolean());
      assertEquals("[\"%s\"]".formatted(run), stopped.path("runIds").toString());
      List<JsonNode> events = untilSettled(tui, run);
      String said = ofState(payloads(events, "chat"), "aborted", "/message/content/0/text").strip();
      assertTrue(said.startsWith("word"), said);
      JsonNode history =
          tui.succeed("chat.history", json("{'sessionKey':'agent:main:main','limit':200}"));
      assertEquals(said, history.at("/messages/1/content/0/text").asText().strip());
      assertEquals("aborted", history.at("/messages/1/stopReason").asText());
      assertEquals("killed", history.at("/sessionInfo/status").asText());
    }
  }

  @Test
  void toolsAreShownToTheTerminalAndNotToTheCommandLine() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member);
        Peer cli = commandLine(member, "operator.read")) {
      tui.succeed("sessions.subscribe", Json.object());
      cli.succeed("sessions.subscribe", Json.object());
      String run = start(tui, "write notes.md: my note");
      List<JsonNode> tools =
          payloads(untilSettled(tui, run), "agent").stream()
              .filter(event -> event.path("stream").asText().equals("tool"))
              .map(event -> event.path("data"))
              .toList();
      assertEquals("start", tools.get(0).path("phase").asText());
      assertEquals("notes.md", tools.get(0).at("/args/path").asText());
      assertEquals("result", tools.get(1).path("phase").asText());
      assertEquals(tools.get(0).path("toolCallId"), tools.get(1).path("toolCallId"));
      assertFalse(tools.get(1).path("isError").asBoolean(true));
      assertTrue(
          payloads(untilSettled(cli, run), "agent").stream()
              .noneMatch(event -> event.path("stream").asText().equals("tool")));
    }
  }

  @Test
  void theTerminalsMenusAreFilled() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      tui.succeed("sessions.subscribe", Json.object());
      untilSettled(tui, start(tui, "repeat 1 hello"));
      JsonNode sessions =
          tui.succeed(
              "sessions.list",
              json(
                  "{'limit':50,'activeMinutes':10080,'includeGlobal':false,'includeUnknown':false,"
                      + "'includeDerivedTitles':true,'includeLastMessage':true,'agentId':'main'}"));
      assertEquals(MAIN, sessions.at("/sessions/0/key").asText());
      assertEquals("hello", sessions.at("/sessions/0/lastMessagePreview").asText());
      assertEquals("direct", sessions.at("/sessions/0/kind").asText());
      JsonNode models = tui.succeed("models.list", json("{'agentId':'main'}"));
      assertEquals("parley-1", models.at("/models/0/id").asText());
      assertEquals("offline", models.at("/models/0/provider").asText());
      assertTrue(models.at("/models/0/available").asBoolean());
      JsonNode status = tui.succeed("status", Json.object());
      assertFalse(status.path("runtimeVersion").asText().isEmpty());
      assertEquals(1, status.at("/sessions/count").asInt());
      assertEquals(MAIN, status.at("/sessions/recent/0/key").asText());
    }
  }

  @Test
  void aNewSessionIsMadeAndAnOldOneEmptied() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      tui.succeed("sessions.subscribe", Json.object());
      untilSettled(tui, start(tui, "repeat 1 hello"));
      JsonNode made =
          tui.succeed(
              "sessions.create",
              json(
                  "{'key':'tui-1','agentId':'main','parentSessionKey':'agent:main:main',"
                      + "'succeedsParent':true,'emitCommandHooks':true}"));
      assertTrue(made.path("ok").asBoolean());
      assertEquals("agent:main:tui-1", made.path("key").asText());
      assertEquals(made.path("sessionId"), made.at("/entry/sessionId"));
      tui.succeed("sessions.reset", json("{'key':'agent:main:main','reason':'reset'}"));
      JsonNode history =
          tui.succeed("chat.history", json("{'sessionKey':'agent:main:main','limit':200}"));
      assertTrue(
          history.path("messages").findValuesAsText("content").stream()
              .noneMatch(content -> content.contains("hello")),
          history.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'verboseLevel':'full'}",
        "{'thinkingLevel':'off'}",
        "{'thinkingLevel':null}",
        "{'fastMode':false}",
        "{'model':null}",
        "{'model':'offline/parley-1'}"
      })
  void aSettingThatTheSessionCanHaveIsTaken(String setting) {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      JsonNode done = tui.succeed("sessions.patch", json(setting).put("key", MAIN));
      assertTrue(done.path("ok").asBoolean());
      assertEquals("parley-1", done.at("/resolved/model").asText());
      String verbose = done.at("/entry/verboseLevel").asText();
      assertEquals(setting.contains("full") ? "full" : "off", verbose);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "sessions.patch  | model         | {'key':'main','model':'openai/gpt-9'}",
        "sessions.patch  | model         | {'key':'main','model':{'a':1}}",
        "sessions.patch  | thinkingLevel | {'key':'main','thinkingLevel':'high'}",
        "sessions.patch  | fastMode      | {'key':'main','fastMode':'auto'}",
        "sessions.patch  | verboseLevel  | {'key':'main','verboseLevel':'loud'}",
        "sessions.patch  | permissionMode| {'key':'main','permissionMode':'full'}",
        "sessions.create | model         | {'key':'x','model':'openai/gpt-9'}",
        "sessions.create | incognito     | {'key':'x','incognito':true}",
        "sessions.create | message       | {'key':'x','message':'hello'}",
        "chat.send       | attachments   | {'sessionKey':'main','message':'a','idempotencyKey':'i',"
            + "'attachments':[{'type':'image'}]}",
        "config.set      | method        | {}",
        "cron.list       | method        | {}"
      })
  void whatTheHubDoesNotDoIsRefusedByName(String method, String field, String params) {
    Member member = HUB.signUp();
    try (Peer tui = terminal(member)) {
      JsonNode error = tui.ask(method, json(params)).path("error");
      assertEquals("INVALID_REQUEST", error.path("code").asText(), error.toString());
      assertEquals(field, error.at("/details/field").asText(), error.toString());
      assertFalse(error.path("message").asText().isEmpty());
      assertEquals(0, tui.succeed("sessions.list", Json.object()).path("totalCount").asInt());
    }
  }

  @Test
  void theAgentCommandIsAnsweredTwice() {
    Member member = HUB.signUp();
    try (Peer cli = commandLine(member, "operator.write")) {
      String request =
          cli.send(
              "agent",
              json(
                  "{'message':'repeat 3 yes','agentId':'main','deliver':false,'timeout':600,"
                      + "'idempotencyKey':'turn-1'}"));
      JsonNode accepted = cli.answer(request).path("payload");
      assertEquals("accepted", accepted.path("status").asText());
      assertEquals(MAIN, accepted.path("sessionKey").asText());
      JsonNode result = cli.answer(request).path("payload");
      assertEquals("ok", result.path("status").asText());
      assertEquals("yes yes yes", result.at("/result/payloads/0/text").asText());
    }
  }

  @Test
  void theTerminalOfAnotherTenantHearsAndSeesNothing() {
    Member one = HUB.signUp();
    Member other = HUB.signUp();
    try (Peer tui = terminal(one);
        Peer stranger = terminal(other);
        Peer listener = terminal(other)) {
      tui.succeed("sessions.subscribe", Json.object());
      listener.succeed("sessions.subscribe", Json.object());
      listener.succeed("sessions.messages.subscribe", json("{'key':'agent:main:main'}"));
      String run = start(tui, "repeat 30 confidential");
      JsonNode stopped = stranger.succeed("chat.abort", json("{'sessionKey':'agent:main:main'}"));
      assertFalse(stopped.path("aborted").asBoolean(true));
      stopped = stranger.succeed("chat.abort", json("{'sessionKey':'main'}").put("runId", run));
      assertFalse(stopped.path("aborted").asBoolean(true));
      assertTrue(
          stranger
              .succeed("chat.history", json("{'sessionKey':'agent:main:main'}"))
              .path("inFlightRun")
              .isMissingNode());
      untilSettled(tui, run);

      for (String method : List.of("health", "status", "sessions.list", "system-presence")) {
        String answer = stranger.succeed(method, Json.object()).toString();
        assertFalse(answer.contains(one.tenant()), answer);
        assertFalse(answer.contains("confidential"), answer);
      }
      JsonNode history = stranger.succeed("chat.history", json("{'sessionKey':'main'}"));
      assertEquals("[]", history.path("messages").toString());
      assertEquals(
          "NOT_FOUND",
          stranger.ask("agent.wait", Json.object().put("runId", run)).at("/error/code").asText());
      listener.raw(Peer.request("last", "health", Json.object()));
      List<JsonNode> heard = new ArrayList<>();
      listener.next(
          frame -> {
            heard.add(frame);
            return frame.path("id").asText().equals("last");
          });
      assertTrue(heard.stream().noneMatch(frame -> frame.toString().contains(run)));
    }
  }
}
