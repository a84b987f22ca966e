package dev.parley.hub.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.frame.Json;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/**
 * No operation tells whether a thing of another tenant exists. Every operation of the contract has
 * a row here that says how it can name such a thing, or that it cannot; a new one without a row
 * fails. Each row is asked for a thing that another tenant has and for one that nobody has, by two
 * tenants that are alike: the answers are the same bytes but for the names themselves.
 */
class ForeignNamesTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("sign-up", "open");
  private static final Contract CONTRACT = Contract.load();

  /**
   * A way to name something.
   *
   * @param hidden whether the answer is {@code not_found}; else it only must not differ
   */
  private record Row(String operation, boolean hidden, Function<ForeignNames, ObjectNode> params) {}

  private static final List<Row> ROWS = new ArrayList<>();
  private static final List<String> NAMES_NOTHING =
      List.of(
          "connect",
          "agent.deliver",
          "health",
          "status",
          "system-presence",
          "config.get",
          "last-heartbeat",
          "tenant.get",
          "keys.list",
          "agents.list",
          "agents.create",
          "providers.list",
          "providers.set",
          "providers.delete",
          "sessions.subscribe",
          "sessions.unsubscribe",
          "commands.list",
          "question.list",
          "plugin.approval.list",
          "deadletter.list",
          "schedule.list",
          "channel.list",
          "loop.list",
          "room.create",
          "room.list",
          "room.unsubscribe",
          "market.search",
          "market.installed",
          "plugins.list",
          "plugins.enable",
          "plugins.disable",
          "plugins.call",
          "usage.get",
          "files.usage",
          "admin.status",
          "admin.tenants.list",
          "admin.invites.create",
          "admin.plugins.install",
          "admin.plugins.list",
          "admin.plugins.remove",
          "admin.rotate-master-key",
          "audit.list");

  /** Says on purpose whether a name is taken: two tenants cannot have the same. */
  private static final List<String> TELLS_ON_PURPOSE = List.of("signup");

  private static void hidden(String operation, Function<ForeignNames, ObjectNode> params) {
    ROWS.add(new Row(operation, true, params));
  }

  private static void same(String operation, Function<ForeignNames, ObjectNode> params) {
    ROWS.add(new Row(operation, false, params));
  }

  static ObjectNode params(String... pairs) {
    ObjectNode params = Json.object();
    for (int i = 0; i < pairs.length; i += 2) {
      params.put(pairs[i], pairs[i + 1]);
    }
    return params;
  }

  static {
    hidden("agents.update", n -> params("agentId", n.agent, "name", "mine"));
    hidden("agents.delete", n -> params("agentId", n.agent));
    hidden("agents.files.list", n -> params("agentId", n.agent));
    hidden("agents.files.get", n -> params("agentId", n.agent, "name", "SOUL.md"));
    hidden("agents.files.set", n -> params("agentId", n.agent, "name", "x", "content", "x"));
    same("agents.files.get", n -> params("agentId", "main", "name", n.agent + ".md"));
    hidden("files.list", n -> params("agentId", n.agent));
    hidden("files.read", n -> params("agentId", n.agent, "path", "SOUL.md"));
    hidden("files.write", n -> params("agentId", n.agent, "path", "x", "content", "x"));
    hidden("files.append", n -> params("agentId", n.agent, "path", "x", "content", "x"));
    hidden("files.move", n -> params("agentId", n.agent, "source", "SOUL.md", "target", "x"));
    hidden("files.delete", n -> params("agentId", n.agent, "path", "SOUL.md"));
    hidden("files.download", n -> params("agentId", n.agent, "path", "SOUL.md"));
    hidden("files.upload", n -> params("agentId", n.agent, "path", "x"));
    hidden("files.search", n -> params("agentId", n.agent, "text", "x"));
    hidden("files.export", n -> params("agentId", n.agent));
    hidden("files.import", n -> params("agentId", n.agent));

    hidden("memory.put", n -> params("text", "x", "agentId", n.agent));
    hidden("memory.get", n -> params("id", n.session));
    hidden("memory.get", n -> params("id", "MEMORY.md", "agentId", n.agent));
    hidden("memory.list", n -> params("agentId", n.agent));
    same("memory.list", n -> params("tag", n.session));
    hidden("memory.search", n -> params("query", "x", "agentId", n.agent));
    same("memory.search", n -> params("query", n.session));
    hidden("memory.delete", n -> params("id", "x", "agentId", n.agent));
    same("memory.delete", n -> params("id", n.session));

    hidden(
        "chat.send",
        n -> params("sessionKey", n.mainSession(), "message", "x", "idempotencyKey", "r1"));
    hidden(
        "chat.send",
        n ->
            params(
                "sessionKey", "main", "agentId", n.agent, "message", "x", "idempotencyKey", "r2"));
    same("chat.abort", n -> params("sessionKey", "main", "runId", n.run));
    hidden("chat.abort", n -> params("sessionKey", n.mainSession()));
    hidden("chat.history", n -> params("sessionKey", n.mainSession()));
    same("chat.history", n -> params("sessionKey", "agent:main:" + n.session));
    hidden("chat.startup", n -> params("sessionKey", n.mainSession()));
    hidden("agent", n -> params("agentId", n.agent, "message", "x", "idempotencyKey", "r3"));
    hidden("agent.wait", n -> params("runId", n.run));
    hidden("models.list", n -> params("agentId", n.agent));
    hidden("sessions.list", n -> params("agentId", n.agent));
    same("sessions.list", n -> params("search", n.session));
    same("sessions.list", n -> params("label", n.label));
    hidden("sessions.messages.subscribe", n -> params("key", n.mainSession()));
    hidden("sessions.describe", n -> params("key", n.mainSession()));
    same("sessions.describe", n -> params("key", "agent:main:" + n.session));
    hidden("sessions.preview", n -> keys(n.mainSession()));
    same("sessions.preview", n -> keys("agent:main:" + n.session));
    hidden("sessions.resolve", n -> params("key", n.mainSession()));
    hidden("sessions.resolve", n -> params("sessionId", n.sessionId));
    hidden("sessions.resolve", n -> params("label", n.label));
    hidden("sessions.resolve", n -> params("agentId", n.agent, "label", n.label));
    hidden("sessions.create", n -> params("key", n.mainSession()));
    hidden("sessions.create", n -> params("agentId", n.agent));
    hidden("sessions.send", n -> params("key", n.mainSession(), "message", "x"));
    hidden("sessions.abort", n -> params("key", n.mainSession()));
    same("sessions.abort", n -> params("runId", n.run));
    hidden("sessions.patch", n -> params("key", n.mainSession(), "label", "x"));
    hidden("sessions.reset", n -> params("key", n.mainSession()));
    hidden("sessions.delete", n -> params("key", n.mainSession()));
    same("sessions.delete", n -> params("key", "agent:main:" + n.session));
    same(
        "chat.send",
        n -> params("sessionKey", "main", "message", "repeat 1 x", "idempotencyKey", n.run));

    hidden("agent.call", n -> params("to", n.address(), "payload", "x"));
    hidden("agent.call", n -> params("to", "market:" + n.listingAddress()));
    hidden("agent.call", n -> params("to", "market:" + n.withdrawnAddress()));
    hidden("agent.call", n -> params("to", n.caller.agent("main"), "from", n.agent));
    hidden("agent.call", n -> params("to", n.caller.agent(n.agent)));
    same("agent.call", n -> params("to", n.caller.agent("gone"), "messageId", n.message));
    same("agent.call", n -> params("to", n.caller.agent("main"), "parent", n.message));
    same("agent.cancel", n -> params("id", n.request));
    hidden("presence.get", n -> params("agent", n.address()));
    hidden("presence.get", n -> params("agent", n.caller.agent(n.agent)));
    hidden("presence.declare", n -> params("agent", n.agent));
    hidden("stream.credit", n -> params("messageId", n.message).put("credit", 1));
    hidden("stream.resume", n -> params("messageId", n.message).put("next", 0).put("credit", 1));

    hidden("agent.send", n -> params("to", n.address(), "payload", "x"));
    hidden("agent.send", n -> params("to", "market:" + n.listingAddress()));
    hidden("agent.send", n -> params("to", n.caller.agent("main"), "from", n.agent));
    hidden("agent.send", n -> params("to", n.caller.agent(n.agent)));
    hidden("message.get", n -> params("id", n.message));
    hidden("deadletter.get", n -> params("id", "1"));
    hidden("deadletter.redeliver", n -> params("id", "1"));
    hidden("deadletter.purge", n -> params("id", "1"));

    hidden("schedule.create", n -> params("agent", n.agent, "cron", "0 9 * * *"));
    for (String operation : List.of("get", "update", "delete", "run")) {
      hidden("schedule." + operation, n -> params("id", n.schedule));
    }

    same("channel.propose", n -> params("from", n.caller.tenant(), "to", n.address()));
    same("channel.propose", n -> params("from", n.tenant, "to", n.caller.agent("main")));
    same("channel.propose", n -> params("from", n.tenant, "to", n.address()));
    hidden("channel.accept", n -> params("id", n.channel));
    hidden("channel.revoke", n -> params("id", n.channel));
    hidden("channel.get", n -> params("id", n.channel));

    hidden("loop.reset", n -> params("from", n.address(), "to", n.caller.agent("main")));
    hidden("loop.reset", n -> params("from", n.caller.agent("main"), "to", n.address()));

    hidden("room.get", n -> params("room", n.roomAddress()));
    hidden("room.invite", n -> params("room", n.roomAddress(), "party", n.caller.tenant()));
    same("room.invite", n -> params("room", n.caller.tenant() + "/own", "party", n.tenant));
    same("room.invite", n -> params("room", n.caller.tenant() + "/own", "party", n.address()));
    hidden("room.accept", n -> params("room", n.roomAddress()));
    hidden("room.leave", n -> params("room", n.roomAddress()));
    hidden("room.remove", n -> params("room", n.roomAddress(), "party", n.caller.tenant()));
    hidden("room.listen", n -> params("room", n.roomAddress(), "agent", "main", "mode", "all"));
    hidden(
        "room.listen",
        n -> params("room", n.caller.tenant() + "/own", "agent", n.agent, "mode", "all"));
    hidden("room.limits", n -> params("room", n.roomAddress()));
    hidden("room.post", n -> params("room", n.roomAddress(), "payload", "x"));
    hidden("room.post", n -> params("room", n.caller.tenant() + "/own", "from", n.agent));
    same("room.post", n -> mentioning(n.caller.tenant() + "/own", n.address()));
    hidden("room.history", n -> params("room", n.roomAddress()));
    hidden("room.subscribe", n -> params("room", n.roomAddress()));
    hidden("room.close", n -> params("room", n.roomAddress()));
    same("topic.publish", n -> params("topic", n.room, "payload", "x"));
    hidden("topic.publish", n -> params("topic", "news", "from", n.agent));
    hidden("topic.broadcast", n -> params("from", n.agent));
    hidden("topic.subscribe", n -> params("topic", "news", "agent", n.agent));
    hidden("topic.subscribe", n -> params("topic", "news", "agent", n.address()));
    same("topic.unsubscribe", n -> params("topic", n.room, "agent", n.address()));
    same("topic.list", n -> params("topic", n.room));

    hidden("market.publish", n -> params("name", "mine", "agent", n.agent));
    hidden("market.unpublish", n -> params("listing", n.listingAddress()));
    hidden("market.get", n -> params("listing", n.withdrawnAddress()));
    hidden("market.install", n -> params("listing", n.withdrawnAddress()));
    hidden("market.uninstall", n -> params("listing", n.listingAddress()));

    hidden("keys.create", n -> params("role", "agent", "agent", n.agent));
    hidden("keys.rotate", n -> params("id", n.key));
    hidden("keys.revoke", n -> params("id", n.key));

    for (String operation : List.of("get", "suspend", "resume", "limits", "usage")) {
      same("admin.tenants." + operation, n -> params("tenant", n.tenant));
    }
    same("admin.tenants.erase", n -> params("tenant", n.tenant, "confirm", n.tenant));
    same("admin.audit.list", n -> params("tenant", n.tenant));
  }

  private static ObjectNode mentioning(String room, String agent) {
    ObjectNode params = params("room", room, "payload", "x", "messageId", "mentioning");
    params.putArray("mentions").add(agent);
    return params;
  }

  private static ObjectNode keys(String key) {
    ObjectNode params = Json.object();
    params.putArray("keys").add(key);
    return params;
  }

  private static ForeignNames existing;
  private static ForeignNames missing;

  @BeforeAll
  static void fillAnotherTenant() {
    existing = ForeignNames.existing(HUB);
    missing = existing.alike(HUB);
    for (ForeignNames names : List.of(existing, missing)) {
      HUB.succeed("POST", "/v1/rooms", names.caller.key(), params("name", "own"));
    }
    assertFalse(existing.sessionId.isEmpty());
  }

  @Test
  void everyOperationHasARow() {
    List<String> rows = new ArrayList<>(ROWS.stream().map(Row::operation).distinct().toList());
    rows.addAll(NAMES_NOTHING);
    rows.addAll(TELLS_ON_PURPOSE);
    assertEquals(
        CONTRACT.operations().keySet().stream().sorted().toList(), rows.stream().sorted().toList());
  }

  @Test
  void aSocketIsToldTheSameBytes() {
    try (Peer one = HUB.connect(existing.caller.key());
        Peer other = HUB.connect(missing.caller.key())) {
      assertAll(
          ROWS.stream()
              .map(
                  row ->
                      check(
                          row,
                          one.rawAnswer(one.send(row.operation, row.params.apply(existing))),
                          other.rawAnswer(other.send(row.operation, row.params.apply(missing))))));
    }
  }

  @Test
  void restIsToldTheSameBytes() {
    List<Executable> checks = new ArrayList<>();
    for (Row row : ROWS) {
      Operation operation = CONTRACT.operation(row.operation);
      if (operation.hasRest()) {
        checks.add(
            check(
                row,
                told(invoke(operation, existing.caller, row.params.apply(existing))),
                told(invoke(operation, missing.caller, row.params.apply(missing)))));
      }
    }
    assertTrue(checks.size() > 20, "routes that can name something: " + checks.size());
    assertAll(checks);
  }

  @Test
  void aConnectAsAnAgentIsToldTheSameBytesAndAForeignSocketIsNotResumed() {
    Row asAgent = new Row("connect as agent", true, n -> connectAs(n.caller, n.agent));
    assertAll(
        check(
            asAgent,
            refusal(asAgent.params.apply(existing)),
            refusal(asAgent.params.apply(missing))));

    Peer victim = HUB.connect(HUB.signUp().key());
    victim.close();
    for (String connId : List.of(victim.connId(), "00000000-0000-0000-0000-000000000000")) {
      ObjectNode params = Peer.connectParams(existing.caller.key());
      params.putObject("resume").put("connId", connId).put("seq", 0);
      try (Peer thief = HUB.open()) {
        assertFalse(thief.hello(params).path("resumed").asBoolean(true));
      }
    }
  }

  private static ObjectNode connectAs(Member caller, String agent) {
    return Peer.connectParams(caller.key()).put("role", "agent").put("agent", agent);
  }

  private static String refusal(ObjectNode params) {
    try (Peer peer = HUB.open()) {
      return peer.rawAnswer(peer.send("connect", params));
    }
  }

  private static Executable check(Row row, String ofExisting, String ofMissing) {
    return () -> {
      String what = row.operation + ": " + ofExisting + "\n" + ofMissing;
      assertEquals(neutral(existing, ofExisting), neutral(missing, ofMissing), what);
      assertFalse(ofExisting.toLowerCase(java.util.Locale.ROOT).contains("internal"), what);
      if (row.hidden) {
        assertTrue(ofExisting.contains("\"code\":\"not_found\""), what);
      }
    };
  }

  /** An answer without the names that were asked for, and a success without times and new ids. */
  private static String neutral(ForeignNames names, String answer) {
    String neutral = answer;
    for (Map.Entry<String, String> name : names.placeholders().entrySet()) {
      neutral = neutral.replace(name.getKey(), name.getValue());
    }
    boolean success = !answer.contains("\"error\"");
    return success
        ? neutral
            .replaceAll("\\b1\\d{12}\\b", "<time>")
            .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>")
            .replaceAll("ch_[a-z2-7]{16}", "<new-channel>")
        : neutral;
  }

  private static String told(Answer answer) {
    Map<String, String> headers =
        answer.headers().entrySet().stream()
            .filter(header -> !header.getKey().equals("content-length"))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    return answer.status() + " " + new java.util.TreeMap<>(headers) + " " + answer.text();
  }

  private static Answer invoke(Operation operation, Member caller, ObjectNode params) {
    String path = operation.restPath();
    ObjectNode body = params.deepCopy();
    for (String name : List.copyOf(names(params))) {
      if (path.contains("{" + name + "}")) {
        path = path.replace("{" + name + "}", params.path(name).asText().replace("/", "%2F"));
        body.remove(name);
      }
    }
    return operation.restMethod().equals("GET")
        ? HUB.get(path + query(body), caller.key())
        : HUB.rest(operation.restMethod(), path, caller.key(), body);
  }

  private static String query(ObjectNode params) {
    return names(params).stream()
        .map(name -> name + "=" + URLEncoder.encode(params.path(name).asText(), UTF_8))
        .collect(Collectors.joining("&", "?", ""));
  }

  private static List<String> names(ObjectNode params) {
    List<String> names = new ArrayList<>();
    params.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
