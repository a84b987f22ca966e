package dev.parley.hub.session;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;

class TranscriptFileTest extends SessionFixture {
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
  void rowsLongerThanAChunkOfReadingAreReadWhole() {
    String large = "ü".repeat(200_000);
    say("before", large, "after");
    assertEquals(List.of("before", large, "after"), texts(reopened(), MAIN));
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
    assertEquals(3, await(node.sessions().append(acme, MAIN, said("three"))).row().seq());
    assertEquals(List.of("one", "two", "three"), texts(reopened(), MAIN));
  }
}
