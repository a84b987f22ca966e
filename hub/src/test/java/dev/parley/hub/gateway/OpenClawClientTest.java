package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.OpenClaw.MAIN;
import static dev.parley.hub.gateway.OpenClaw.commandLine;
import static dev.parley.hub.gateway.OpenClaw.json;
import static dev.parley.hub.gateway.OpenClaw.payloads;
import static dev.parley.hub.gateway.OpenClaw.start;
import static dev.parley.hub.gateway.OpenClaw.terminal;
import static dev.parley.hub.gateway.OpenClaw.untilSettled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the official OpenClaw clients send in a chat, and the fields that they read of the answers.
 */
class OpenClawClientTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("offline-pacing-ms", "5");

  private static JsonNode call(Member member, String scope, String method, String params) {
    try (Peer peer = commandLine(HUB, member, scope)) {
      return peer.succeed(method, json(params));
    }
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

      try (Peer watcher = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member);
        Peer late = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member);
        Peer cli = commandLine(HUB, member, "operator.read")) {
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
  void theAgentCommandIsAnsweredTwice() {
    Member member = HUB.signUp();
    try (Peer cli = commandLine(HUB, member, "operator.write")) {
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
    try (Peer tui = terminal(HUB, one);
        Peer stranger = terminal(HUB, other);
        Peer listener = terminal(HUB, other)) {
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
