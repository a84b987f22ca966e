package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.client.ParleyClient;
import dev.parley.client.ParleyClientBuilder;
import dev.parley.client.ParleyRest;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The tenants of a run, in a ring: each may reach the agent {@code worker} of the next.
 *
 * @param members in the order of the ring
 */
record Town(Fleet fleet, List<Member> members) {
  static final String WORKER = "worker";
  static final List<String> TALKERS = List.of("talker-1", "talker-2", "talker-3", "talker-4");
  private static final int TENANTS = 4;
  private static final long DELIVERIES_PER_DAY = 1_000_000;
  private static final long CALLS_PER_MINUTE = 100_000;
  private static final long SETUP_SECONDS = 30;

  /** A tenant and the key of its owner. */
  record Member(String tenant, String key) {
    String room() {
      return tenant + "/" + Posts.ROOM;
    }

    String worker() {
      return tenant + "/" + WORKER;
    }
  }

  static Town found(Fleet fleet) throws Exception {
    ParleyRest rest = ParleyRest.of(fleet.nodes().get(0).url());
    ParleyRest admin = rest.key(fleet.adminKey());
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < TENANTS; i++) {
      String tenant = "town-" + (i + 1);
      JsonNode issued = ask(rest, "signup", Json.object().put("tenant", tenant));
      Member member = new Member(tenant, issued.path("secret").asText());
      ask(
          admin,
          "admin.tenants.limits",
          Json.object().put("tenant", tenant).put("plan", "unmetered"));
      ask(
          rest.key(member.key()),
          "agents.create",
          Json.object().put("name", WORKER).put("kind", "remote"));
      members.add(member);
    }
    Town town = new Town(fleet, List.copyOf(members));
    for (int i = 0; i < TENANTS; i++) {
      Member from = members.get(i);
      Member to = town.next(i);
      ObjectNode proposal = Json.object().put("from", from.tenant()).put("to", to.worker());
      proposal.putObject("limits").put("callsPerMinute", CALLS_PER_MINUTE);
      JsonNode channel = ask(rest.key(from.key()), "channel.propose", proposal).path("channel");
      ask(
          rest.key(to.key()),
          "channel.accept",
          Json.object().put("id", channel.path("id").asText()));
      town.room(rest, from, to);
    }
    for (String talker : TALKERS) {
      ask(
          rest.key(town.talking().key()),
          "agents.create",
          Json.object().put("name", talker).put("kind", "hosted"));
    }
    return town;
  }

  /** A room of one member to which all its posts go, and of the next, as all do. */
  private void room(ParleyRest rest, Member owner, Member guest) throws Exception {
    ask(
        rest.key(owner.key()),
        "room.create",
        Json.object()
            .put("name", Posts.ROOM)
            .put("postsPerMinute", CALLS_PER_MINUTE)
            .put("deliveriesPerDay", DELIVERIES_PER_DAY));
    ObjectNode room = Json.object().put("room", owner.room());
    ask(rest.key(owner.key()), "room.invite", room.deepCopy().put("party", guest.tenant()));
    ask(rest.key(guest.key()), "room.accept", room.deepCopy());
    for (Member member : List.of(owner, guest)) {
      ask(
          rest.key(member.key()),
          "room.listen",
          room.deepCopy().put("agent", WORKER).put("mode", "all"));
    }
  }

  /** The tenant with whose hosted agents several people talk at once. */
  Member talking() {
    return members.get(1);
  }

  /** The one that the member at this place may reach. */
  Member next(int place) {
    return members.get((place + 1) % members.size());
  }

  /** Sets what a tenant may spend in tokens each day. */
  void limitTokens(String tenant, long tokensPerDay) throws Exception {
    ObjectNode update = Json.object().put("tenant", tenant).put("plan", "unmetered");
    update.putObject("limits").put("tokensPerDay", tokensPerDay);
    ask(
        ParleyRest.of(fleet.nodes().get(0).url()).key(fleet.adminKey()),
        "admin.tenants.limits",
        update);
  }

  /** All nodes, beginning with one. */
  List<HubNode> nodesFrom(int first) {
    List<HubNode> nodes = new ArrayList<>(fleet.nodes());
    Collections.rotate(nodes, -first);
    return nodes;
  }

  /** A client of these nodes, tried in this order. */
  ParleyClientBuilder client(Member member, List<HubNode> nodes) {
    ParleyClientBuilder builder =
        ParleyClient.builder()
            .key(member.key())
            .displayName("chaos")
            .connectTimeout(Duration.ofSeconds(5))
            .requestTimeout(Duration.ofSeconds(10))
            .waitForHub(Duration.ofSeconds(SETUP_SECONDS))
            .onGap(gap -> {});
    nodes.forEach(node -> builder.url(node.url()));
    return builder;
  }

  /** Asks until there is an answer, for a while. */
  static JsonNode ask(ParleyRest rest, String operation, ObjectNode params) throws Exception {
    return rest.request(operation, params).get(SETUP_SECONDS, TimeUnit.SECONDS);
  }
}
