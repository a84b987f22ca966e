package dev.parley.hub.session;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.session.SessionSettings.Flush;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(RedisExtension.class)
class SessionsTest {
  private static final AgentId HELPER = new AgentId("helper");
  private static final SessionKey MAIN = SessionKey.main(HELPER);
  private static final int MUCH = 1_000_000;

  @TempDir Path data;
  private Vertx vertx;
  private Store store;
  private Sessions sessions;
  private TenantScope acme;

  @BeforeEach
  void open(Store running) {
    store = running;
    vertx = Vertx.vertx();
    sessions = reopened();
    acme = tenant();
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private TenantScope tenant() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    return new TenantScopes(data).of(OwnerOf.tenant(name));
  }

  /** As after a restart of the hub: nothing remembered but what is on disk and in Redis. */
  private Sessions reopened() {
    return with(SessionSettings.DEFAULTS);
  }

  private Sessions with(SessionSettings settings) {
    return new Sessions(vertx, store, new Fencing(store), settings, Clock.systemUTC());
  }

  private static SessionSettings settings(
      int maxRow, long maxTranscript, int maxSessions, int runs) {
    return new SessionSettings(
        Flush.TURNS,
        maxRow,
        maxTranscript,
        maxSessions,
        runs,
        1 << 20,
        100,
        Duration.ofMinutes(5),
        2,
        1_000,
        100);
  }

  private Path transcript(SessionKey key) {
    List<SessionRow.Segment> files = await(sessions.open(acme, key)).transcript();
    return acme.directory()
        .resolve("agents/" + key.agent() + "/sessions/" + files.get(files.size() - 1).name());
  }

  private static TranscriptRow said(String text) {
    return TranscriptRow.user(text, 1_700_000_000_000L);
  }

  private static TranscriptRow answered(String text) {
    return TranscriptRow.assistant(text, 1_700_000_000_500L);
  }

  private List<String> texts(Sessions from, SessionKey key) {
    return await(from.history(acme, key, 1_000, 0, MUCH)).rows().stream()
        .map(TranscriptRow::text)
        .toList();
  }

  private void say(String... texts) {
    for (String text : texts) {
      await(sessions.append(acme, MAIN, said(text)));
    }
  }

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
  void aTornLastLineIsDroppedAndTheConversationGoesOn() throws IOException {
    say("one", "two");
    Path file = transcript(MAIN);
    long whole = Files.size(file);
    Files.writeString(file, "{\"seq\":3,\"since\":0,\"row\":{\"ro", StandardOpenOption.APPEND);
    assertEquals(List.of("one", "two"), texts(sessions, MAIN));

    Sessions next = reopened();
    assertEquals(List.of("one", "two"), texts(next, MAIN));
    assertEquals(3, await(next.append(acme, MAIN, said("three"))).row().seq());

    assertEquals(List.of("one", "two", "three"), texts(reopened(), MAIN));
    assertTrue(Files.size(file) > whole);
  }

  @Test
  void anyCutOfTheFileLeavesAReadablePrefix() throws IOException {
    List<String> all = List.of("one", "two", "thrëe", "again");
    long length = 1;
    for (int cut = 0; cut < length; cut += 7) {
      acme = tenant();
      say("one", "two", "thrëe");
      Path file = transcript(MAIN);
      length = Files.size(file);
      Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), (int) length - cut));
      Sessions next = reopened();
      await(next.append(acme, MAIN, said("again")));
      List<String> found = texts(next, MAIN);
      assertEquals("again", found.get(found.size() - 1));
      assertEquals(all.subList(0, found.size() - 1), found.subList(0, found.size() - 1));
      await(next.close());
    }
  }

  @Test
  void zeroesThatAPowerCutLeftAreDropped() throws IOException {
    say("one");
    Files.write(transcript(MAIN), new byte[] {0, 0, 0, '\n', 0, 0}, StandardOpenOption.APPEND);

    Sessions next = reopened();

    assertEquals(2, await(next.append(acme, MAIN, said("two"))).row().seq());
    assertEquals(List.of("one", "two"), texts(next, MAIN));
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
  void rowsLongerThanAChunkOfReadingAreReadWhole() {
    String large = "ü".repeat(200_000);
    say("before", large, "after");
    assertEquals(List.of("before", large, "after"), texts(reopened(), MAIN));
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
  void aRepeatedRequestIsAnsweredAndWritesNothingAlsoAfterARestart() {
    assertInstanceOf(RunStart.Started.class, start(sessions, "run-1", "hello"));
    for (Sessions from : List.of(sessions, reopened())) {
      assertEquals(new RunStart.Repeated(RunStatus.RUNNING), start(from, "run-1", "hello"));
    }
    await(sessions.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.OK, answered("hi"), 1, 1, 2)));
    for (Sessions from : List.of(sessions, reopened())) {
      assertEquals(new RunStart.Repeated(RunStatus.OK), start(from, "run-1", "hello"));
      assertEquals(Optional.of(RunStatus.OK), await(from.statusOf(acme, MAIN, "run-1", "hello")));
      assertEquals(Optional.empty(), await(from.statusOf(acme, MAIN, "run-2", "x")));
    }
    assertEquals(List.of("hello", "hi"), texts(sessions, MAIN));
  }

  private RunStart start(Sessions from, String runId, String text) {
    return await(from.startRun(acme, MAIN, runId, said(text)));
  }

  @Test
  void anotherInputUnderTheSameKeyIsAConflictAlsoAfterARestart() {
    start(sessions, "run-1", "hello");
    for (Sessions from : List.of(sessions, reopened())) {
      ParleyException refused = refusal(from.startRun(acme, MAIN, "run-1", said("other")));
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
      assertEquals("chat-request-conflict", refused.details().get("reason"));
      assertEquals(
          "chat-request-conflict",
          refusal(from.statusOf(acme, MAIN, "run-1", "other")).details().get("reason"));
    }
    assertEquals(List.of("hello"), texts(sessions, MAIN));
  }

  @Test
  void aRunThatFailedWithoutARowIsRememberedAndNotShown() {
    start(sessions, "run-1", "hello");
    await(sessions.endRun(acme, MAIN, "run-1", new RunEnd(RunStatus.FAILED, null, 3, 0, 3)));

    assertEquals(
        Optional.of(RunStatus.FAILED), await(reopened().statusOf(acme, MAIN, "run-1", "hello")));
    assertEquals(List.of("hello"), texts(sessions, MAIN));
    assertEquals(ErrorCode.CONFLICT, refusal(finishAgain("run-1")).code());
    say("next");
    assertEquals(2, await(sessions.history(acme, MAIN, 1, 0, MUCH)).rows().get(0).seq());
  }

  private Future<Appended> finishAgain(String runId) {
    return sessions.endRun(acme, MAIN, runId, new RunEnd(RunStatus.OK, answered("again"), 0, 0, 0));
  }

  @Test
  void onlyTheLastRunsAreRememberedTheSameBeforeAndAfterARestart() {
    SessionSettings few = settings(10_000, 1 << 20, 10, 3);
    Sessions small = with(few);
    for (int i = 1; i <= 5; i++) {
      await(small.startRun(acme, MAIN, "run-" + i, said("x")));
      await(small.endRun(acme, MAIN, "run-" + i, new RunEnd(RunStatus.OK, answered("y"), 1, 1, 2)));
    }
    for (Sessions from : List.of(small, with(few))) {
      assertEquals(Optional.empty(), await(from.statusOf(acme, MAIN, "run-2", "x")));
      for (int i = 3; i <= 5; i++) {
        assertEquals(Optional.of(RunStatus.OK), await(from.statusOf(acme, MAIN, "run-" + i, "x")));
      }
    }
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
  void aRequestRepeatedAtTheSameTimeStartsOneRun() {
    List<Future<RunStart>> starting =
        IntStream.range(0, 20)
            .mapToObj(i -> sessions.startRun(acme, MAIN, "run-1", said("hello")))
            .toList();
    long started = starting.stream().filter(one -> await(one) instanceof RunStart.Started).count();
    assertEquals(1, started);
    assertEquals(List.of("hello"), texts(sessions, MAIN));
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
  void anAppendThatFailsIsUnavailableAndLeavesNoPart() throws IOException {
    Files.createDirectories(acme.directory().resolve("agents/helper"));
    Path inTheWay = Files.writeString(acme.directory().resolve("agents/helper/sessions"), "x");

    assertEquals(ErrorCode.UNAVAILABLE, refusal(sessions.append(acme, MAIN, said("a"))).code());
    assertEquals(
        ErrorCode.UNAVAILABLE, refusal(sessions.startRun(acme, MAIN, "run-1", said("a"))).code());
    assertEquals(0, await(sessions.describe(acme, MAIN)).counts().messages());

    Files.delete(inTheWay);
    assertInstanceOf(RunStart.Started.class, start(sessions, "run-1", "a"));
    assertEquals(List.of("a"), texts(sessions, MAIN));
  }

  @Test
  void aTranscriptThatIsALinkIsNotFollowed() throws IOException {
    Path outside = Files.writeString(data.resolve("outside"), "outside\n");
    say("before");
    Path file = transcript(MAIN);
    Files.delete(file);
    Files.createSymbolicLink(file, outside);

    assertEquals(ErrorCode.UNAVAILABLE, refusal(sessions.append(acme, MAIN, said("a"))).code());
    assertEquals(ErrorCode.UNAVAILABLE, refusal(sessions.history(acme, MAIN, 10, 0, MUCH)).code());
    assertEquals("outside\n", Files.readString(outside));
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
  void aTranscriptMoreThanHalfFullStartsANewFileWhenItIsReset() throws IOException {
    Sessions small = with(settings(2_500, 5_000, 2, 10));
    for (int i = 0; i < 2; i++) {
      await(small.append(acme, MAIN, said("x".repeat(1_800))));
    }
    await(small.reset(acme, MAIN, "reset"));
    await(small.append(acme, MAIN, said("fresh")));

    assertTrue(Files.size(transcript(MAIN)) < 1_000);
    for (Sessions from : List.of(small, reopened())) {
      List<String> texts = texts(from, MAIN);
      assertEquals(List.of("reset", "fresh"), texts);
    }
  }

  @Test
  void deletingTakesTheTranscriptAndTheRow() throws IOException {
    SessionKey side = new SessionKey(HELPER, "side");
    await(sessions.append(acme, side, said("secret")));
    Path file = transcript(side);
    assertTrue(Files.exists(file));

    assertTrue(await(sessions.delete(acme, side)));
    assertFalse(await(sessions.delete(acme, side)));

    assertFalse(Files.exists(file));
    assertNull(await(sessions.describe(acme, side)));
    assertEquals(1, await(sessions.append(acme, side, said("new"))).row().seq());
    assertEquals(List.of("new"), texts(sessions, side));
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

  private record Hub(Fencing fencing, Sessions sessions) {}

  private Hub node(String name) {
    Fencing fencing = new Fencing(store);
    fencing.inCluster(name, () -> {});
    return new Hub(
        fencing, new Sessions(vertx, store, fencing, SessionSettings.DEFAULTS, Clock.systemUTC()));
  }

  @Test
  void whoWasTakenOverCommitsNothingAndHearsOfIt() {
    Hub one = node("one");
    Hub two = node("two");
    AtomicInteger told = new AtomicInteger();
    FencingToken older = await(one.fencing.take(acme, HELPER, told::incrementAndGet));
    await(one.sessions.startRun(older, acme, MAIN, "run-1", said("first")));
    FencingToken newer = await(two.fencing.take(acme, HELPER, () -> {}));
    RunEnd end = new RunEnd(RunStatus.OK, answered("too late"), 1, 1, 2);

    for (Future<?> late :
        List.of(
            one.sessions.append(older, acme, MAIN, answered("too late")),
            one.sessions.endRun(older, acme, MAIN, "run-1", end),
            one.sessions.startRun(older, acme, MAIN, "run-2", said("too late")))) {
      assertEquals(ErrorCode.UNAVAILABLE, refusal(late).code());
    }
    assertEquals(3, told.get());
    await(two.sessions.startRun(newer, acme, MAIN, "run-3", said("second")));

    for (Hub from : List.of(one, two)) {
      assertEquals(List.of("first", "second"), texts(from.sessions, MAIN));
    }
    assertEquals(2, await(two.sessions.describe(acme, MAIN)).counts().messages());
  }

  @Test
  void aNodeThatMustNotCommitChangesNothing() {
    SessionKey side = new SessionKey(HELPER, "side");
    say("before");
    await(sessions.append(acme, side, said("before")));
    Hub node = node("minority");
    node.fencing.inCluster(
        "minority",
        () -> {
          throw new ParleyException(ErrorCode.UNAVAILABLE, "not the majority");
        });

    for (Future<?> refused :
        List.of(
            node.fencing.take(acme, HELPER, () -> {}),
            node.sessions.append(acme, MAIN, said("after")),
            node.sessions.startRun(acme, MAIN, "run-1", said("after")),
            node.sessions.patch(acme, MAIN, SessionChanges.label("after")),
            node.sessions.reset(acme, MAIN, "reset"),
            node.sessions.delete(acme, side))) {
      assertEquals("not the majority", refusal(refused).text());
    }
    for (Sessions from : List.of(sessions, node.sessions)) {
      assertEquals(List.of("before"), texts(from, MAIN));
      assertEquals(List.of("before"), texts(from, side));
    }
  }

  @Test
  void nodesThatWriteToOneConversationAtOnceLoseNothingAcceptedAndDoubleNothing() {
    Hub one = node("one");
    Hub two = node("two");
    int each = 40;
    List<Future<Appended>> all = new ArrayList<>();
    for (int i = 0; i < each; i++) {
      all.add(one.sessions.append(acme, MAIN, said("one " + i)));
      all.add(two.sessions.append(acme, MAIN, said("two " + i)));
    }
    await(Future.join(all).otherwiseEmpty());
    List<TranscriptRow> accepted =
        all.stream()
            .filter(Future::succeeded)
            .map(done -> done.result().row())
            .sorted(Comparator.comparingLong(TranscriptRow::seq))
            .toList();

    assertTrue(accepted.size() > each, accepted.size() + " were accepted");
    List<String> texts = accepted.stream().map(TranscriptRow::text).toList();
    for (Sessions from : List.of(one.sessions, two.sessions, node("three").sessions)) {
      assertEquals(texts, texts(from, MAIN));
    }
    int files = await(one.sessions.describe(acme, MAIN)).transcript().size();
    assertTrue(files <= TranscriptWriter.MAX_SEGMENTS, files + " files");
  }

  @Test
  void whatIsBeyondTheCommittedLengthIsNoPartOfTheConversation() throws IOException {
    say("one");
    String line = Files.readString(transcript(MAIN));
    Files.writeString(
        transcript(MAIN),
        line.replace("\"seq\":1", "\"seq\":2").replace("one", "uncommitted"),
        StandardOpenOption.APPEND);

    assertEquals(List.of("one"), texts(reopened(), MAIN));
    assertEquals(2, await(reopened().append(acme, MAIN, said("two"))).row().seq());
    assertEquals(List.of("one", "two"), texts(sessions, MAIN));
  }

  @Test
  void aTranscriptOfBeforeLengthsWereKeptGoesOn() throws IOException {
    say("one", "two");
    SessionRow row = await(sessions.describe(acme, MAIN));
    ObjectNode old = Json.parseObject("row", Json.write(row));
    old.remove("transcript");
    await(store.hashSet(acme.key("sessions", "helper"), MAIN.toString(), Json.write(old)));

    assertEquals(List.of("one", "two"), texts(reopened(), MAIN));
    Hub node = node("new");
    assertEquals(3, await(node.sessions.append(acme, MAIN, said("three"))).row().seq());
    assertEquals(List.of("one", "two", "three"), texts(reopened(), MAIN));
  }
}
