package dev.parley.hub.session;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SessionsTest extends SessionFixture {
  @Test
  void aConversationIsToldAsItWasHadAlsoAfterARestart() {
    await(sessions.startRun(acme, MAIN, "run-1", said("hello")));
    await(
        sessions.append(
            acme, MAIN, TranscriptRow.toolResult("call-1", "list_agents", "none", false, 5)));
    await(
        sessions.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.OK, answered("hi"), 10, 8, 18)));

    HistoryPage page = await(reopened().history(acme, MAIN, 200, 0, MUCH));

    assertEquals(3, page.total());
    assertFalse(page.hasMore());
    JsonNode user = page.rows().get(0).toJson();
    assertEquals("user", user.path("role").asText());
    assertEquals("hello", user.path("content").asText());
    assertEquals("run-1:user", user.path("idempotencyKey").asText());
    assertEquals("run-1", user.path("__openclaw").path("runId").asText());
    assertEquals(1, user.path("__openclaw").path("seq").asInt());
    assertEquals(36, user.path("__openclaw").path("id").asText().length());
    JsonNode tool = page.rows().get(1).toJson();
    assertEquals("toolResult", tool.path("role").asText());
    assertEquals("list_agents", tool.path("toolName").asText());
    JsonNode assistant = page.rows().get(2).toJson();
    assertEquals("hi", assistant.path("content").path(0).path("text").asText());
    assertEquals(3, assistant.path("__openclaw").path("seq").asInt());
  }

  @Test
  void theSessionRowCountsWhatHappened() {
    await(sessions.startRun(acme, MAIN, "run-1", said("hello\n  there")));
    assertEquals("running", await(sessions.describe(acme, MAIN)).toJson().path("status").asText());

    Appended end =
        await(
            sessions.endRun(
                acme,
                MAIN,
                "run-1",
                new RunEnd(RunStatus.OK, answered("x".repeat(500)), 10, 8, 12)));

    ObjectNode row = end.session().toJson();
    assertEquals(end.session(), await(reopened().describe(acme, MAIN)));
    assertEquals("agent:helper:main", row.path("key").asText());
    assertTrue(row.path("isMain").asBoolean());
    assertEquals(2, row.path("messageCount").asInt());
    assertEquals(10, row.path("inputTokens").asInt());
    assertEquals(8, row.path("outputTokens").asInt());
    assertEquals(12, row.path("totalTokens").asInt());
    assertEquals("run-1", row.path("lastRunId").asText());
    assertEquals("done", row.path("status").asText());
    assertEquals("x".repeat(120), row.path("lastMessagePreview").asText());
  }

  @Test
  void pagesOfHistoryMeetWithoutGapOrOverlap() {
    IntStream.rangeClosed(1, 25).forEach(i -> say("message " + i));
    List<Long> seen = new ArrayList<>();
    long offset = 0;
    int pages = 0;
    while (offset >= 0) {
      HistoryPage page = await(sessions.history(acme, MAIN, 10, offset, MUCH));
      assertEquals(25, page.total());
      List<Long> seqs = page.rows().stream().map(TranscriptRow::seq).toList();
      seen.addAll(0, seqs);
      offset = page.nextOffset();
      pages++;
    }
    assertEquals(3, pages);
    assertEquals(LongStream.rangeClosed(1, 25).boxed().toList(), seen);
    HistoryPage beyond = await(sessions.history(acme, MAIN, 10, 25, MUCH));
    assertEquals(List.of(), beyond.rows());
    assertFalse(beyond.hasMore());
  }

  @Test
  void aPageHoldsNoMoreCharactersThanAskedAndSaysWhereTheRestIs() {
    IntStream.rangeClosed(1, 6).forEach(i -> say(i + "x".repeat(1_000)));

    HistoryPage page = await(sessions.history(acme, MAIN, 100, 0, 3_000));

    assertEquals(List.of(5L, 6L), page.rows().stream().map(TranscriptRow::seq).toList());
    assertEquals(2, page.nextOffset());
    HistoryPage tiny = await(sessions.history(acme, MAIN, 100, 0, 400));
    assertEquals(1, tiny.rows().size());
    assertTrue(tiny.rows().get(0).toJson().toString().length() <= 600);
    assertTrue(tiny.rows().get(0).text().endsWith("characters left out]"));
  }

  @Test
  void aResetStartsHistoryAndContextAnewAndKeepsTheFile() throws IOException {
    say("old", "older");
    SessionRow before = await(sessions.describe(acme, MAIN));

    SessionRow after = await(sessions.reset(acme, MAIN, "reset")).session();
    assertEquals(before.sessionId(), after.sessionId());
    assertEquals(0, after.counts().messages());
    assertNull(after.lastMessagePreview());
    assertEquals(List.of(), await(sessions.tail(acme, MAIN, 100, MUCH)));
    say("new");

    for (Sessions from : List.of(sessions, reopened())) {
      HistoryPage page = await(from.history(acme, MAIN, 100, 0, MUCH));
      assertEquals(2, page.total());
      assertFalse(page.hasMore());
      assertEquals("reset", page.rows().get(0).toJson().path("__openclaw").path("kind").asText());
      assertEquals(4, page.rows().get(1).seq());
      List<TranscriptRow> context = await(from.tail(acme, MAIN, 100, MUCH));
      assertEquals(List.of("new"), context.stream().map(TranscriptRow::text).toList());
    }
    assertEquals(1, await(sessions.describe(acme, MAIN)).counts().messages());
    assertTrue(Files.readString(transcript(MAIN)).contains("older"));
  }

  @Test
  void theContextIsTheEndOfTheConversationAndNeverBeginsWithAToolsAnswer() {
    say("one");
    await(sessions.append(acme, MAIN, TranscriptRow.toolResult("c", "t", "result", false, 5)));
    say("two");
    await(sessions.append(acme, MAIN, answered("three")));

    assertEquals(List.of("two", "three"), context(3, MUCH));
    assertEquals(List.of("one", "result", "two", "three"), context(10, MUCH));
    assertEquals(List.of("three"), context(10, 5));
  }

  private List<String> context(int maxRows, int maxChars) {
    return await(sessions.tail(acme, MAIN, maxRows, maxChars)).stream()
        .map(TranscriptRow::text)
        .toList();
  }

  @Test
  void rowsAppendedAtTheSameTimeAreNumberedInTheOrderTheyWereAskedFor() {
    List<Future<Appended>> appending =
        IntStream.range(0, 100).mapToObj(i -> sessions.append(acme, MAIN, said("m" + i))).toList();
    List<Long> seqs = appending.stream().map(one -> await(one).row().seq()).toList();

    assertEquals(LongStream.rangeClosed(1, 100).boxed().toList(), seqs);
    assertEquals(IntStream.range(0, 100).mapToObj(i -> "m" + i).toList(), texts(sessions, MAIN));
    assertEquals(100, await(sessions.describe(acme, MAIN)).counts().messages());
  }

  @Test
  void twoTenantsWithTheSameKeySeeOnlyTheirOwn() {
    TenantScope globex = tenant();
    say("acme's");
    await(sessions.append(globex, MAIN, said("globex's")));

    assertEquals(List.of("acme's"), texts(sessions, MAIN));
    HistoryPage theirs = await(sessions.history(globex, MAIN, 10, 0, MUCH));
    assertEquals(List.of("globex's"), theirs.rows().stream().map(TranscriptRow::text).toList());
    List<SessionRow> listed =
        await(sessions.list(globex, List.of(HELPER), SessionFilter.ALL)).rows();
    assertEquals(List.of(theirs.session()), listed);
    assertNotEquals(await(sessions.describe(acme, MAIN)).sessionId(), listed.get(0).sessionId());
  }

  @Test
  void aSessionThatDoesNotExistHasNoHistoryAndReadingMakesNone() {
    HistoryPage page = await(sessions.history(acme, MAIN, 10, 0, MUCH));
    assertNull(page.session());
    assertEquals(List.of(), page.rows());
    assertEquals(List.of(), await(sessions.tail(acme, MAIN, 10, MUCH)));
    assertEquals(Optional.empty(), await(sessions.statusOf(acme, MAIN, "run", "x")));
    assertNull(await(sessions.describe(acme, MAIN)));
    assertFalse(Files.exists(acme.directory()));
  }

  @Test
  void rowsTranscriptsAndSessionsHaveBounds() {
    Sessions small = with(settings(2_000, 5_000, 2, 10));
    ParleyException row = refusal(small.append(acme, MAIN, said("x".repeat(2_000))));
    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, row.code());
    assertEquals(2_000, row.details().get("limit"));

    for (int i = 0; i < 3; i++) {
      await(small.append(acme, MAIN, said("x".repeat(1_300))));
    }
    await(small.startRun(acme, MAIN, "run-1", said("x")));
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED,
        refusal(small.append(acme, MAIN, said("x".repeat(1_300)))).code());
    await(small.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.OK, answered("y"), 1, 1, 2)));
    await(small.reset(acme, MAIN, "new"));
    await(small.append(acme, MAIN, said("x".repeat(1_300))));

    await(small.open(acme, new SessionKey(HELPER, "second")));
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED,
        refusal(small.open(acme, new SessionKey(HELPER, "third"))).code());
  }

  @Test
  void theMainSessionCannotBeDeleted() {
    say("keep");
    ParleyException refused = refusal(sessions.delete(acme, MAIN));
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertTrue(refused.text().contains("agent:helper:main"));
    assertEquals(List.of("keep"), texts(sessions, MAIN));
  }

  @Test
  void sessionsAreListedNewestFirstAndFiltered() {
    AgentId other = new AgentId("other");
    SessionKey side = new SessionKey(HELPER, "side");
    SessionKey theirs = SessionKey.main(other);
    say("about cats");
    awaitNextMillisecond();
    await(sessions.append(acme, theirs, said("about dogs")));
    awaitNextMillisecond();
    await(sessions.patch(acme, side, new SessionChanges("Budget", null, true, null, null)));
    List<AgentId> agents = List.of(HELPER, other);

    assertEquals(
        List.of(side.toString(), theirs.toString(), MAIN.toString()),
        keys(agents, SessionFilter.ALL));
    assertEquals(List.of(theirs.toString()), keys(List.of(other), SessionFilter.ALL));
    assertEquals(
        List.of(theirs.toString()), keys(agents, new SessionFilter("DOGS", null, 0, 0, 10)));
    assertEquals(
        List.of(side.toString()), keys(agents, new SessionFilter(null, "Budget", 0, 0, 10)));
    long since = await(sessions.describe(acme, theirs)).updatedAt();
    assertEquals(2, keys(agents, new SessionFilter(null, null, since, 0, 10)).size());
    SessionPage page = await(sessions.list(acme, agents, new SessionFilter(null, null, 0, 1, 1)));
    assertEquals(3, page.total());
    assertEquals(theirs.toString(), page.rows().get(0).key());
  }

  private List<String> keys(List<AgentId> agents, SessionFilter filter) {
    return await(sessions.list(acme, agents, filter)).rows().stream().map(SessionRow::key).toList();
  }

  private static void awaitNextMillisecond() {
    long now = System.currentTimeMillis();
    while (System.currentTimeMillis() == now) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whatPeopleSetStaysUntilTheyChangeIt() {
    await(sessions.patch(acme, MAIN, new SessionChanges("Budget", true, null, false, "full")));
    say("hello");
    SessionRow row =
        await(sessions.patch(acme, MAIN, new SessionChanges(null, null, true, null, null)));
    assertEquals(new SessionRow.Marks("Budget", true, true, false, "full"), row.marks());
    row = await(sessions.patch(acme, MAIN, new SessionChanges("", false, null, null, "off")));
    assertEquals(new SessionRow.Marks(null, false, true, false, null), row.marks());
    assertEquals("hello", row.lastMessagePreview());
  }

  @Test
  void aRowNestedTooDeeplyIsRefusedAndNotLost() {
    JsonNode deep = Json.mapper().createArrayNode();
    for (int i = 0; i < 80; i++) {
      deep = Json.mapper().createArrayNode().add(deep);
    }
    ObjectNode fields = Json.object();
    fields.set("details", deep);
    TranscriptRow row = TranscriptRow.assistant(Json.mapper().createArrayNode(), 1, fields);
    assertEquals(ErrorCode.INVALID_REQUEST, refusal(sessions.append(acme, MAIN, row)).code());
    say("fine");
    assertEquals(List.of("fine"), texts(reopened(), MAIN));
  }
}
