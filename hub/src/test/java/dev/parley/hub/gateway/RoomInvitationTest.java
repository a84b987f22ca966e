package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** In how many rooms of others a tenant can be, and what makes room again. */
class RoomInvitationTest {
  private static final int MOST = 4;
  private static final int MOST_OF_ONE = 3;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "room-max-elsewhere",
          Integer.toString(MOST),
          "room-max-invitations",
          Integer.toString(MOST_OF_ONE),
          "room-retention-ms",
          "1000");

  private final Member acme = HUB.unmetered(HUB.signUp());
  private final Member initech = HUB.unmetered(HUB.signUp());
  private final Member globex = HUB.unmetered(HUB.signUp());

  private static ObjectNode params(String name, String value) {
    return Json.object().put(name, value);
  }

  private static String create(Member owner, String name) {
    return HUB.succeed("POST", "/v1/rooms", owner.key(), params("name", name))
        .at("/room/room")
        .asText();
  }

  private static Answer act(Member by, String room, String what, ObjectNode params) {
    return HUB.rest("POST", "/v1/rooms/" + room.replace("/", "%2F") + "/" + what, by.key(), params);
  }

  private static Answer invite(Member by, String room, String party) {
    return act(by, room, "members", params("party", party));
  }

  private static void ok(Answer answer) {
    assertEquals(200, answer.status(), answer.toString());
  }

  private static void refused(String limit, Member owner, Answer answer) {
    assertEquals("limit_exceeded", answer.errorCode(), answer.toString());
    JsonNode details = answer.body().at("/error/details");
    assertEquals(limit, details.path("limit").asText(), answer.toString());
    assertEquals("tenant " + owner.tenant(), details.path("owner").asText());
  }

  private static List<String> rooms(Member member) {
    return HUB.get("/v1/rooms", member.key()).body().path("rooms").findValuesAsText("room");
  }

  @Test
  void invitationsOfOneTenantAreBoundedAndAnsweringThemMakesRoom() {
    for (int i = 0; i < MOST_OF_ONE; i++) {
      ok(invite(acme, create(acme, "r" + i), globex.tenant()));
    }
    String fourth = create(acme, "r3");
    refused("room_invitations", acme, invite(acme, fourth, globex.tenant()));
    refused("room_invitations", acme, invite(acme, fourth, globex.agent("main")));
    assertEquals(404, act(globex, fourth, "accept", Json.object()).status());
    ok(invite(acme, acme.tenant() + "/r0", globex.agent("main")));
    ok(invite(initech, create(initech, "other"), globex.tenant()));

    ok(act(globex, acme.tenant() + "/r0", "leave", params("agent", "main")));
    ok(act(globex, acme.tenant() + "/r0", "leave", Json.object()));
    ok(invite(acme, fourth, globex.tenant()));
    ok(act(acme, fourth, "remove", params("party", globex.tenant())));
    ok(invite(acme, fourth, globex.agent("main")));
    ok(act(globex, fourth, "accept", params("agent", "main")));
    refused("rooms_elsewhere", globex, invite(acme, create(acme, "r4"), globex.tenant()));
    assertEquals(
        List.of(
            acme.tenant() + "/r1",
            acme.tenant() + "/r2",
            acme.tenant() + "/r3",
            initech.tenant() + "/other"),
        rooms(globex).stream().sorted().toList());
  }

  @Test
  void aTenantInAsManyRoomsAsItCanBeIsInvitedAgainWhenItsAgentIsDeletedOrARoomIsClosed() {
    HUB.defineRemote(globex, "guest");
    for (int i = 0; i < MOST; i++) {
      String room = create(acme, "r" + i);
      String party = i == 0 ? globex.agent("guest") : globex.tenant();
      ok(invite(acme, room, party));
      ok(act(globex, room, "accept", i == 0 ? params("agent", "guest") : Json.object()));
    }
    String room = create(initech, "room");
    refused("rooms_elsewhere", globex, invite(initech, room, globex.tenant()));
    HUB.succeed("DELETE", "/v1/agents/guest", globex.key(), Json.object());
    assertFalse(rooms(globex).contains(acme.tenant() + "/r0"));
    ok(invite(initech, room, globex.tenant()));

    String next = create(initech, "next");
    refused("rooms_elsewhere", globex, invite(initech, next, globex.tenant()));
    ok(act(initech, room, "close", Json.object()));
    ok(invite(initech, next, globex.tenant()));
    ok(act(globex, next, "accept", Json.object()));
    String last = create(initech, "last");
    ok(act(initech, next, "close", Json.object()));
    await().until(() -> invite(initech, last, globex.tenant()).status() == 200);
  }

  @Test
  void anAgentThatLeavesItsRoomTakesNoOtherOfItsTenantOffTheList() {
    HUB.defineRemote(globex, "one");
    HUB.defineRemote(globex, "two");
    String room = create(acme, "shared");
    for (String agent : List.of("one", "two")) {
      ok(invite(acme, room, globex.agent(agent)));
      ok(act(globex, room, "accept", params("agent", agent)));
    }
    String one =
        HUB.newKey(globex, Json.object().put("role", "agent").put("agent", "one"))
            .path("secret")
            .asText();
    Member agent = new Member(globex.tenant(), one);
    assertEquals(403, act(agent, room, "leave", Json.object()).status());
    ok(act(globex, room, "leave", params("agent", "one")));
    assertEquals(List.of(), rooms(agent));
    assertEquals(List.of(room), rooms(globex));
  }

  @Test
  void nothingIsKeptOfInvitationsToTenantsThatDoNotExist() {
    for (int i = 0; i < MOST + 1; i++) {
      ok(invite(acme, create(acme, "r" + i), "nobody-yet"));
    }
  }
}
