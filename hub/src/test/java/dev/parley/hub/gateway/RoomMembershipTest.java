package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoomMembershipTest extends RoomFixture {
  private final Member initech = HUB.unmetered(HUB.signUp());

  @Test
  void whoIsInvitedAndAcceptsReadsAndPostsAndNobodyElseFindsTheRoom() {
    String room = create("planning");
    assertEquals(404, HUB.get(path(room, ""), globex.key()).status());
    HUB.succeed("POST", path(room, "/members"), acme.key(), params("party", globex.tenant()));

    JsonNode invitation = HUB.get("/v1/rooms", globex.key()).body().at("/rooms/0");
    assertEquals(room, invitation.path("room").asText());
    assertEquals("invited", invitation.path("membership").asText());
    assertFalse(invitation.has("lastOffset"), "an invited tenant sees what goes on");
    assertEquals(404, tryPost(room, globex.key(), saying("early")).status());
    assertEquals(404, history(room, globex.key(), "").status());

    JsonNode joined = HUB.succeed("POST", path(room, "/accept"), globex.key(), Json.object());
    assertEquals("joined", joined.at("/room/membership").asText());
    assertEquals(1, post(room, globex.key(), saying("hello")).path("offset").asInt());
    assertEquals("hello", history(room, acme.key(), "").body().at("/messages/0/payload").asText());
    assertEquals(
        globex.tenant(), history(room, acme.key(), "").body().at("/messages/0/from").asText());

    for (Answer answer :
        List.of(
            HUB.get(path(room, ""), initech.key()),
            history(room, initech.key(), ""),
            tryPost(room, initech.key(), saying("let me in")),
            HUB.rest("POST", path(room, "/accept"), initech.key(), Json.object()),
            HUB.rest("POST", path(room, "/close"), initech.key(), Json.object()))) {
      assertEquals(404, answer.status(), answer.toString());
    }
    assertEquals(0, HUB.get("/v1/rooms", initech.key()).body().path("rooms").size());
    assertEquals(401, history(room, "", "").status());
    String viewer = HUB.newKey(globex, "viewer");
    assertEquals(200, history(room, viewer, "").status());
    assertEquals(403, tryPost(room, viewer, saying("x")).status());
    Answer notOwner =
        HUB.rest("POST", path(room, "/members"), globex.key(), params("party", initech.tenant()));
    assertEquals(403, notOwner.status(), notOwner.toString());
  }

  @Test
  void aRemovedMemberIsOutAtOnceWithTheAgentsThatListenedThroughIt() {
    String room = create("removal");
    HUB.defineRemote(globex, "worker");
    join(room, globex);
    HUB.openChannel(acme, globex, "worker", Json.object());
    listen(room, globex.key(), params("agent", "worker", "mode", "all"));
    try (Peer person = HUB.connect(globex.key());
        Peer own = HUB.connect(acme.key())) {
      person.succeed("room.subscribe", params("room", room));
      own.succeed("room.subscribe", params("room", room));
      assertCounts(1, 0, post(room, acme.key(), saying("welcome")));
      assertEquals("welcome", person.event("room.message").path("payload").asText());
      assertEquals("welcome", own.event("room.message").path("payload").asText());

      HUB.succeed("POST", path(room, "/remove"), acme.key(), params("party", globex.tenant()));
      assertCounts(0, 0, post(room, acme.key(), saying("secret", globex.agent("worker"))));
      assertEquals("secret", own.event("room.message").path("payload").asText());
      assertTrue(person.alive());
      assertTrue(
          person.drain().stream()
              .noneMatch(frame -> frame.path("event").asText().equals("room.message")),
          "a removed member was told what was said");
      assertEquals(
          "NOT_FOUND", person.ask("room.history", params("room", room)).at("/error/code").asText());
      assertEquals(
          "NOT_FOUND", person.ask("room.post", params("room", room)).at("/error/code").asText());
      assertEquals(0, HUB.get("/v1/rooms", globex.key()).body().path("rooms").size());
    }
  }

  @Test
  void aSuspendedTenantNeitherReadsNorPostsNorIsDeliveredTo() {
    String room = create("suspended");
    HUB.defineRemote(globex, "worker");
    join(room, globex);
    HUB.openChannel(acme, globex, "worker", Json.object());
    HUB.succeed(
        "POST",
        "/v1/admin/tenants/" + globex.tenant() + "/suspend",
        HUB.adminKey(),
        params("reason", "test"));
    assertTrue(history(room, globex.key(), "").status() >= 400);
    assertTrue(tryPost(room, globex.key(), saying("x")).status() >= 400);
    assertCounts(0, 1, post(room, acme.key(), saying("there?", globex.agent("worker"))));
  }

  @Test
  void anAgentThatWasInvitedAloneIsInItAndTheOthersOfItsTenantAreNot() {
    String room = create("alone");
    HUB.defineRemote(globex, "guest");
    HUB.defineRemote(globex, "curious");
    HUB.succeed("POST", path(room, "/members"), acme.key(), params("party", globex.agent("guest")));
    HUB.succeed("POST", path(room, "/accept"), globex.key(), params("agent", "guest"));
    String guest = agentKey(globex, "guest");
    String curious = agentKey(globex, "curious");
    assertEquals(1, post(room, guest, saying("here")).path("offset").asInt());
    assertEquals(404, history(room, curious, "").status());
    assertEquals(404, tryPost(room, curious, saying("me too")).status());
    assertEquals(200, history(room, globex.key(), "").status(), "people see what their agents do");
    assertEquals(404, tryPost(room, globex.key(), saying("as myself")).status());
    assertEquals(
        2, post(room, globex.key(), saying("as it").put("from", "guest")).path("offset").asInt());
    Answer asOther = tryPost(room, guest, saying("x").put("from", "curious"));
    assertEquals(403, asOther.status());

    HUB.succeed("POST", path(room, "/leave"), globex.key(), params("agent", "guest"));
    assertEquals(404, history(room, guest, "").status());
  }

  @Test
  void anAgentThatIsDeletedLeavesItsRoomsAndALaterOneOfItsNameIsInNone() {
    String room = create("deleted");
    HUB.defineRemote(globex, "guest");
    HUB.succeed("POST", path(room, "/members"), acme.key(), params("party", globex.agent("guest")));
    HUB.succeed("POST", path(room, "/accept"), globex.key(), params("agent", "guest"));
    listen(room, globex.key(), params("agent", "guest", "mode", "all"));
    HUB.succeed("DELETE", "/v1/agents/guest", globex.key(), Json.object());
    HUB.defineRemote(globex, "guest");
    assertEquals(404, history(room, agentKey(globex, "guest"), "").status());
    assertEquals(404, history(room, globex.key(), "").status());
    assertCounts(0, 0, post(room, acme.key(), saying("gone", globex.agent("guest"))));
  }

  @Test
  void aClosedRoomIsReadAndNotWritten() {
    String room = create("closing");
    join(room, globex);
    post(room, globex.key(), saying("last words"));
    HUB.succeed("POST", path(room, "/close"), acme.key(), Json.object());
    assertEquals(409, tryPost(room, globex.key(), saying("more")).status());
    assertEquals(
        "last words", history(room, globex.key(), "").body().at("/messages/0/payload").asText());
    Answer again = HUB.rest("POST", "/v1/rooms", acme.key(), params("name", "closing"));
    assertEquals(409, again.status());
    create("a1");
    create("a2");
    create("a3");
    Answer over = HUB.rest("POST", "/v1/rooms", acme.key(), params("name", "a4"));
    assertEquals("limit_exceeded", over.errorCode(), over.toString());
  }

  private static String agentKey(Member tenant, String agent) {
    return HUB.newKey(tenant, params("role", "agent", "agent", agent)).path("secret").asText();
  }
}
