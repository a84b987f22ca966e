package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.Test;

/** Rooms as their members, and those who are none, see them. */
class RoomTest extends RoomFixture {
  private static void ok(Peer agent, JsonNode delivery) {
    agent.raw(
        Json.write(
            Json.object()
                .put("type", "res")
                .put("id", delivery.path("id").asText())
                .put("ok", true)
                .putNull("payload")));
  }

  @Test
  void aMentionReachesTheAgentThroughTheChannelOfItsTenantAndNoOther() {
    String room = create("mentions");
    HUB.defineRemote(globex, "worker");
    HUB.defineRemote(globex, "other");
    join(room, globex);
    assertCounts(0, 1, post(room, acme.key(), saying("no channel", globex.agent("worker"))));
    String channel = HUB.openChannel(acme, globex, "worker", Json.object()).path("id").asText();
    try (Peer worker = HUB.connectAgent(globex.key(), "worker");
        Peer other = HUB.connectAgent(globex.key(), "other")) {
      assertCounts(1, 0, post(room, acme.key(), saying("come", globex.agent("worker"))));
      JsonNode delivery = worker.delivery();
      assertEquals("come", delivery.at("/params/payload/text").asText());
      assertEquals(room, delivery.at("/params/payload/room").asText());
      assertEquals(2, delivery.at("/params/payload/offset").asInt());
      assertEquals(acme.tenant(), delivery.at("/params/from").asText());
      ok(worker, delivery);
      assertCounts(0, 1, post(room, acme.key(), saying("you too", globex.agent("other"))));
      assertTrue(other.alive());
      assertEquals(0, deliveries(other));

      HUB.succeed("DELETE", "/v1/channels/" + channel, globex.key(), Json.object());
      assertCounts(0, 1, post(room, acme.key(), saying("gone", globex.agent("worker"))));
      assertEquals(
          4, history(room, globex.key(), "").body().path("lastOffset").asInt(), "members read on");
    }
  }

  @Test
  void oneMentionAmongTwoHundredAgentsCostsOneDelivery() {
    String room = create("crowd");
    for (int i = 0; i < 200; i++) {
      HUB.defineRemote(acme, "agent-" + i);
    }
    long before = calls();
    double posts = HUB.metric("parley_rooms_posts_total");
    double reached = HUB.metric("parley_rooms_deliveries_total");
    assertCounts(1, 0, post(room, acme.key(), saying("you", acme.agent("agent-77"))));
    assertEquals(1, today(room));
    assertEquals(posts + 1, HUB.metric("parley_rooms_posts_total"));
    assertEquals(reached + 1, HUB.metric("parley_rooms_deliveries_total"));
    await().untilAsserted(() -> assertEquals(before + 1, calls()));
    try (Peer mentioned = HUB.connectAgent(acme.key(), "agent-77");
        Peer other = HUB.connectAgent(acme.key(), "agent-78")) {
      assertEquals("you", mentioned.delivery().at("/params/payload/text").asText());
      assertTrue(other.alive());
      assertEquals(0, deliveries(other));
    }
  }

  private long calls() {
    return HUB.get("/v1/usage", acme.key()).body().findValues("calls").stream()
        .mapToLong(JsonNode::asLong)
        .max()
        .orElse(0);
  }

  private int today(String room) {
    return HUB.get(path(room, ""), acme.key()).body().at("/room/deliveriesToday").asInt();
  }

  @Test
  void anAgentGetsAllOrWhatInterestsItAsItHasSaid() {
    String room = create("interests");
    HUB.defineRemote(acme, "all");
    HUB.defineRemote(acme, "prices");
    listen(room, acme.key(), params("agent", "all", "mode", "all"));
    ObjectNode interest = params("agent", "prices", "mode", "interest");
    interest.putArray("tags").add("price").add("discount");
    listen(room, acme.key(), interest);
    try (Peer all = HUB.connectAgent(acme.key(), "all");
        Peer prices = HUB.connectAgent(acme.key(), "prices")) {
      assertCounts(1, 0, post(room, acme.key(), saying("weather")));
      ObjectNode tagged = saying("cheaper");
      tagged.putArray("tags").add("discount").add("price");
      assertCounts(2, 0, post(room, acme.key(), tagged));
      JsonNode delivery = prices.delivery();
      assertEquals("cheaper", delivery.at("/params/payload/text").asText());
      JsonNode first = all.delivery();
      assertEquals("weather", first.at("/params/payload/text").asText());
      ok(all, first);
      assertEquals("cheaper", all.delivery().at("/params/payload/text").asText());

      ObjectNode own = saying("I say").put("from", "all");
      assertCounts(0, 0, post(room, acme.key(), own));
      listen(room, acme.key(), params("agent", "all", "mode", "mention"));
      assertCounts(0, 0, post(room, acme.key(), saying("quiet")));
    }
    Answer foreign =
        HUB.rest(
            "PUT", path(room, "/listeners"), globex.key(), params("agent", "main", "mode", "all"));
    assertEquals(404, foreign.status());
    Answer nobody =
        HUB.rest(
            "PUT", path(room, "/listeners"), acme.key(), params("agent", "nobody", "mode", "all"));
    assertEquals(404, nobody.status());
    Answer noTags =
        HUB.rest(
            "PUT",
            path(room, "/listeners"),
            acme.key(),
            params("agent", "all", "mode", "interest"));
    assertEquals("tags", noTags.body().at("/error/details/field").asText());
  }

  @Test
  void aDigestTellsOnceHowMuchWasSaidAndWhatComesLaterInTheNextOne() {
    String room = create("digests");
    HUB.defineRemote(globex, "reader");
    join(room, globex);
    listen(room, globex.key(), params("agent", "reader", "mode", "digest").put("everyMs", 1_000));
    try (Peer reader = HUB.connectAgent(globex.key(), "reader")) {
      for (int i = 0; i < 3; i++) {
        assertCounts(0, 0, post(room, acme.key(), saying("news " + i)));
      }
      long next = 1;
      int digests = 0;
      while (next <= 3) {
        next = takeDigest(reader, next);
        digests++;
      }
      assertTrue(digests <= 3);
      post(room, acme.key(), saying("late"));
      assertEquals(5, takeDigest(reader, 4));
      assertEquals(
          "late",
          history(
                  room,
                  HUB.newKey(globex, Json.object().put("role", "agent").put("agent", "reader"))
                      .path("secret")
                      .asText(),
                  "?offset=4")
              .body()
              .at("/messages/0/payload")
              .asText());
    }
  }

  @Test
  void aDigestThatCannotBeSentIsTriedAgainAndHoldsUpNoOther() {
    String room = create("put-off");
    String other = create("other");
    HUB.defineRemote(globex, "reader");
    HUB.defineRemote(acme, "reader");
    join(room, globex);
    ObjectNode digest = params("agent", "reader", "mode", "digest").put("everyMs", 1_000);
    listen(room, globex.key(), digest);
    listen(other, acme.key(), digest);
    double failed = HUB.metric("parley_rooms_digests_failed_total");
    mailbox(0);
    post(room, acme.key(), saying("news"));
    await().until(() -> HUB.metric("parley_rooms_digests_failed_total") >= failed + 2);
    post(other, acme.key(), saying("news"));
    try (Peer reader = HUB.connectAgent(acme.key(), "reader")) {
      assertEquals(2, takeDigest(reader, 1));
    }
    mailbox(1_000);
    try (Peer reader = HUB.connectAgent(globex.key(), "reader")) {
      assertEquals(2, takeDigest(reader, 1));
    }
  }

  private void mailbox(int messages) {
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + globex.tenant(),
        HUB.adminKey(),
        Json.object().set("limits", Json.object().put("mailbox", messages)));
  }

  @Test
  void moreDigestsThanAreToldAtATimeAreAllTold() {
    String room = create("large");
    ObjectNode digest = params("mode", "digest").put("everyMs", 1_000);
    for (int i = 0; i < 120; i++) {
      HUB.defineRemote(acme, "reader-" + i);
      listen(room, acme.key(), digest.put("agent", "reader-" + i));
    }
    post(room, acme.key(), saying("news"));
    await().untilAsserted(() -> assertEquals(120, today(room)));
  }

  /** Acknowledges a digest that begins where it must; answers where the next one begins. */
  private static long takeDigest(Peer reader, long from) {
    JsonNode delivery = reader.delivery();
    JsonNode digest = delivery.at("/params/payload/digest");
    assertEquals(from, digest.path("from").asLong(), delivery.toString());
    assertFalse(delivery.toString().contains("news "), "a digest tells what others said");
    ok(reader, delivery);
    return digest.path("to").asLong() + 1;
  }

  @Test
  void theHistoryIsReadFromAnOffsetAndKeepsTheNewest() {
    String room = create("history");
    for (int i = 1; i <= 7; i++) {
      assertEquals(i, post(room, acme.key(), saying("m" + i)).path("offset").asInt());
    }
    JsonNode all = history(room, acme.key(), "").body();
    assertEquals(3, all.path("firstOffset").asInt());
    assertEquals(7, all.path("lastOffset").asInt());
    assertEquals("[3,4,5,6,7]", offsets(all));
    JsonNode page = history(room, acme.key(), "?offset=4&limit=2").body();
    assertEquals("[4,5]", offsets(page));
    assertEquals(6, page.path("next").asInt());
    JsonNode rest = history(room, acme.key(), "?offset=" + page.path("next").asInt()).body();
    assertEquals("m6", rest.at("/messages/0/payload").asText());
    assertEquals("[6,7]", offsets(rest));
    JsonNode end = history(room, acme.key(), "?offset=8").body();
    assertEquals("[]", offsets(end));
    assertEquals(8, end.path("next").asInt());
  }

  private static String offsets(JsonNode page) {
    return page.path("messages").findValuesAsText("offset").toString().replace(" ", "");
  }

  @Test
  void theSamePostAgainIsAnsweredAlikeAndAnotherUnderItsIdConflicts() {
    String room = create("twice");
    HUB.defineRemote(acme, "worker");
    ObjectNode post = saying("once", acme.agent("worker")).put("messageId", "mine");
    JsonNode first = post(room, acme.key(), post);
    assertEquals(first, post(room, acme.key(), post));
    assertEquals(1, today(room));
    Answer other = tryPost(room, acme.key(), saying("else").put("messageId", "mine"));
    assertEquals(409, other.status());
    assertEquals("messageId", other.body().at("/error/details/field").asText());
    assertEquals(1, history(room, acme.key(), "").body().path("lastOffset").asInt());
  }

  @Test
  void aRoomOverItsBudgetSaysWhichLimitAndTakesMoreWhenItsOwnerRaisesIt() {
    String room =
        create("budget", Json.object().put("postsPerMinute", 100).put("deliveriesPerDay", 1));
    HUB.defineRemote(acme, "worker");
    post(room, acme.key(), saying("one", acme.agent("worker")));
    Answer over = tryPost(room, acme.key(), saying("two", acme.agent("worker")));
    assertEquals(402, over.status(), over.toString());
    assertEquals("room_deliveries_per_day", over.body().at("/error/details/limit").asText());
    assertEquals(1, history(room, acme.key(), "").body().path("lastOffset").asInt());
    assertEquals(2, post(room, acme.key(), saying("mentions nobody")).path("offset").asInt());
    HUB.succeed("PATCH", path(room, ""), acme.key(), Json.object().put("deliveriesPerDay", 2));
    assertCounts(1, 0, post(room, acme.key(), saying("two", acme.agent("worker"))));

    HUB.succeed("PATCH", path(room, ""), acme.key(), Json.object().put("postsPerMinute", 1));
    await()
        .untilAsserted(
            () -> {
              Answer fast = tryPost(room, acme.key(), saying("fast"));
              assertEquals(429, fast.status(), fast.toString());
              assertEquals(
                  "room_posts_per_minute", fast.body().at("/error/details/limit").asText());
            });
  }

  @Test
  void aHostedAgentHandlesWhatMentionsItAndItsPosterIsToldSo() {
    String room = create("hosted");
    try (Peer person = HUB.connect(acme.key())) {
      ObjectNode post = saying("repeat 1 x", acme.agent("main")).put("room", room);
      assertCounts(1, 0, person.succeed("room.post", post));
      String status = "";
      while (!status.equals("handled")) {
        status = person.event("message.receipt").path("status").asText();
      }
    }
  }

  @Test
  void whatIsMalformedOrTooLongIsRefusedAndNothingIsKept() {
    String room = create("hostile");
    Answer large = tryPost(room, acme.key(), saying("x".repeat(70_000)));
    assertEquals(413, large.status());
    ObjectNode many = saying("x");
    for (int i = 0; i < 51; i++) {
      many.withArray("mentions").add(acme.agent("a" + i));
    }
    assertEquals(400, tryPost(room, acme.key(), many).status());
    assertEquals(400, tryPost(room, acme.key(), saying("x", "not an address")).status());
    ObjectNode tagged = saying("x");
    tagged.putArray("tags").add("two words");
    assertEquals(400, tryPost(room, acme.key(), tagged).status());
    assertEquals(400, HUB.get("/v1/rooms/..%2F..%2Fetc", acme.key()).status());
    assertEquals(0, history(room, acme.key(), "").body().path("lastOffset").asInt());
  }

  private static long deliveries(Peer peer) {
    return peer.drain().stream()
        .filter(frame -> frame.path("method").asText().equals("agent.deliver"))
        .count();
  }
}
