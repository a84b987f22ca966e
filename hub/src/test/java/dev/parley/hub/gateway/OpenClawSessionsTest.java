package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.OpenClaw.MAIN;
import static dev.parley.hub.gateway.OpenClaw.json;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The menus and the settings of sessions in the official OpenClaw terminal client. */
class OpenClawSessionsTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  @Test
  void theTerminalsMenusAreFilled() {
    Member member = HUB.signUp();
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
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
    try (Peer tui = terminal(HUB, member)) {
      JsonNode error = tui.ask(method, json(params)).path("error");
      assertEquals("INVALID_REQUEST", error.path("code").asText(), error.toString());
      assertEquals(field, error.at("/details/field").asText(), error.toString());
      assertFalse(error.path("message").asText().isEmpty());
      assertEquals(0, tui.succeed("sessions.list", Json.object()).path("totalCount").asInt());
    }
  }
}
