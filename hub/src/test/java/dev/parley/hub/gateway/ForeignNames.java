package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Things by name, in pairs of the same form: those that exist elsewhere, and those nowhere. */
final class ForeignNames {
  final Member caller;
  final String tenant;
  final String agent;
  final String session;
  final String label;
  final String sessionId;
  final String run;
  final String message;
  final String request;
  final String channel;
  final String key;
  final String listing;
  final String withdrawn;
  final String schedule;
  final String room;

  private ForeignNames(
      Member caller,
      String tenant,
      String agent,
      String session,
      String label,
      String sessionId,
      String run,
      String message,
      String request,
      String channel,
      String key,
      String listing,
      String withdrawn,
      String schedule,
      String room) {
    this.caller = caller;
    this.tenant = tenant;
    this.agent = agent;
    this.session = session;
    this.label = label;
    this.sessionId = sessionId;
    this.run = run;
    this.message = message;
    this.request = request;
    this.channel = channel;
    this.key = key;
    this.listing = listing;
    this.withdrawn = withdrawn;
    this.schedule = schedule;
    this.room = room;
  }

  /** Fills a tenant with one thing of each kind, for another tenant to ask for. */
  static ForeignNames existing(HubExtension hub) {
    Member owner = hub.unmetered(hub.signUp());
    Member third = hub.signUp();
    hub.succeed("POST", "/v1/agents", owner.key(), params("name", "secret"));
    hub.succeed("POST", "/v1/agents", owner.key(), params("name", "held", "kind", "remote"));
    hub.succeed("POST", "/v1/memory", owner.key(), params("text", "private", "id", "private"));
    Peer held = hub.connectAgent(owner.key(), "held");
    Peer person = hub.connect(owner.key());
    person.succeed(
        "chat.send",
        params("sessionKey", "agent:secret:main", "message", "repeat 1 x", "idempotencyKey", "r"));
    JsonNode session =
        person.succeed("sessions.create", params("key", "agent:main:private", "label", "labelled"));
    person.succeed(
        "chat.send",
        params("sessionKey", "agent:held:main", "message", "x", "idempotencyKey", "run-existing"));
    held.delivery();
    person.raw(
        Peer.request(
            "req-existing",
            "agent.call",
            params("to", owner.agent("held"), "messageId", "msg-existing")
                .put("stream", true)
                .put("credit", 1)));
    held.delivery();
    person.succeed("agent.send", params("to", owner.agent("held"), "messageId", "msg-existing"));
    hub.defineRemote(owner, "away");
    person.succeed("agent.send", params("to", owner.agent("away")).put("ttlMs", 1));
    await().until(() -> hub.get("/v1/dead-letters/1", owner.key()).status() == 200);
    for (String listing : List.of("offered", "revoked")) {
      hub.succeed(
          "POST", "/v1/market/listings", owner.key(), params("name", listing, "agent", "secret"));
    }
    hub.succeed(
        "POST", "/v1/market/installs", third.key(), params("listing", owner.tenant() + "/offered"));
    hub.succeed(
        "DELETE",
        "/v1/market/listings/" + owner.tenant() + "%2Frevoked",
        owner.key(),
        Json.object());
    String channel =
        hub.succeed(
                "POST",
                "/v1/channels",
                owner.key(),
                params("from", owner.tenant(), "to", third.agent("main")))
            .path("channel")
            .path("id")
            .asText();
    String schedule =
        hub.succeed(
                "POST", "/v1/schedules", owner.key(), params("agent", "away", "cron", "0 9 * * *"))
            .path("id")
            .asText();
    String key = hub.newKey(owner, params("role", "viewer")).path("key").path("id").asText();
    hub.succeed("POST", "/v1/rooms", owner.key(), params("name", "hideout"));
    hub.succeed("POST", "/v1/topics/hideout/subscribe", owner.key(), params("agent", "secret"));
    return new ForeignNames(
        hub.unmetered(hub.signUp()),
        owner.tenant(),
        "secret",
        "private",
        "labelled",
        session.path("sessionId").asText(),
        "run-existing",
        "msg-existing",
        "req-existing",
        channel,
        key,
        "offered",
        "revoked",
        schedule,
        "hideout");
  }

  /** Names of the same form that nobody has. */
  ForeignNames alike(HubExtension hub) {
    return new ForeignNames(
        hub.unmetered(hub.signUp()),
        "zzzzzz-9",
        "absent",
        "phantom",
        "unlabeld",
        sessionId.replaceAll("[0-9a-f]", "0"),
        "run-missing1",
        "msg-missing1",
        "req-missing1",
        "ch_" + "a".repeat(channel.length() - 3),
        "a".repeat(key.length()),
        "lacking",
        "neverwas",
        schedule.replaceAll("[0-9a-f]", "1"),
        "nowhere");
  }

  String address() {
    return tenant + "/" + agent;
  }

  String mainSession() {
    return "agent:" + agent + ":main";
  }

  String listingAddress() {
    return tenant + "/" + listing;
  }

  String roomAddress() {
    return tenant + "/" + room;
  }

  String withdrawnAddress() {
    return tenant + "/" + withdrawn;
  }

  /** All names with what stands for each in a comparison, longer ones first. */
  Map<String, String> placeholders() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(sessionId, "<session-id>");
    all.put(schedule, "<schedule>");
    all.put(channel, "<channel>");
    all.put(key, "<key>");
    all.put(caller.tenant(), "<caller>");
    all.put(tenant, "<tenant>");
    all.put(message, "<message>");
    all.put(request, "<request>");
    all.put(run, "<run>");
    all.put(withdrawn, "<withdrawn>");
    all.put(room, "<room>");
    all.put(listing, "<listing>");
    all.put(session, "<session>");
    all.put(label, "<label>");
    all.put(agent, "<agent>");
    return all;
  }

  private static ObjectNode params(String... pairs) {
    return ForeignNamesTest.params(pairs);
  }
}
