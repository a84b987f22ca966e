package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Connects and chats as the official OpenClaw clients do. */
final class OpenClaw {
  static final String MAIN = "agent:main:main";

  private OpenClaw() {}

  static ObjectNode json(String text) {
    return Json.parseObject("params", text.replace('\'', '"'));
  }

  /** {@code openclaw gateway call}: asks for the least that the method needs. */
  static Peer commandLine(HubExtension hub, Member member, String scope) {
    ObjectNode params =
        json(
            "{'minProtocol':4,'maxProtocol':4,'client':{'id':'cli','version':'2026.9.6',"
                + "'platform':'linux','deviceFamily':'Linux','mode':'cli','instanceId':'i-1'},"
                + "'caps':[],'role':'operator'}");
    params.putArray("scopes").add(scope);
    params.putObject("auth").put("token", member.key());
    return connected(hub, params);
  }

  /** {@code openclaw tui}: identifies its device, asks for every right, wants events of tools. */
  static Peer terminal(HubExtension hub, Member member) {
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
    return connected(hub, params);
  }

  private static Peer connected(HubExtension hub, ObjectNode params) {
    Peer peer = hub.open();
    assertFalse(peer.event("connect.challenge").path("nonce").asText().isEmpty());
    peer.hello(params);
    return peer;
  }

  static String start(Peer peer, String message) {
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
  static List<JsonNode> untilSettled(Peer peer, String run) {
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

  static List<JsonNode> payloads(List<JsonNode> events, String name) {
    return events.stream()
        .filter(event -> event.path("event").asText().equals(name))
        .map(event -> event.path("payload"))
        .toList();
  }
}
