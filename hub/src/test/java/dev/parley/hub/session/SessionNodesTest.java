package dev.parley.hub.session;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SessionNodesTest extends SessionFixture {
  @Test
  void whoWasTakenOverCommitsNothingAndHearsOfIt() {
    Hub one = node("one");
    Hub two = node("two");
    AtomicInteger told = new AtomicInteger();
    FencingToken older = await(one.fencing().take(acme, HELPER, told::incrementAndGet));
    await(one.sessions().startRun(older, acme, MAIN, "run-1", said("first")));
    FencingToken newer = await(two.fencing().take(acme, HELPER, () -> {}));
    RunEnd end = new RunEnd(RunStatus.OK, answered("too late"), 1, 1, 2);

    for (Future<?> late :
        List.of(
            one.sessions().append(older, acme, MAIN, answered("too late")),
            one.sessions().endRun(older, acme, MAIN, "run-1", end),
            one.sessions().startRun(older, acme, MAIN, "run-2", said("too late")))) {
      assertEquals(ErrorCode.UNAVAILABLE, refusal(late).code());
    }
    assertEquals(3, told.get());
    await(two.sessions().startRun(newer, acme, MAIN, "run-3", said("second")));

    for (Hub from : List.of(one, two)) {
      assertEquals(List.of("first", "second"), texts(from.sessions(), MAIN));
    }
    assertEquals(2, await(two.sessions().describe(acme, MAIN)).counts().messages());
  }

  @Test
  void aNodeThatMustNotCommitChangesNothing() {
    SessionKey side = new SessionKey(HELPER, "side");
    say("before");
    await(sessions.append(acme, side, said("before")));
    Hub node = node("minority");
    node.fencing()
        .inCluster(
            "minority",
            () -> {
              throw new ParleyException(ErrorCode.UNAVAILABLE, "not the majority");
            });

    for (Future<?> refused :
        List.of(
            node.fencing().take(acme, HELPER, () -> {}),
            node.sessions().append(acme, MAIN, said("after")),
            node.sessions().startRun(acme, MAIN, "run-1", said("after")),
            node.sessions().patch(acme, MAIN, SessionChanges.label("after")),
            node.sessions().reset(acme, MAIN, "reset"),
            node.sessions().delete(acme, side))) {
      assertEquals("not the majority", refusal(refused).text());
    }
    for (Sessions from : List.of(sessions, node.sessions())) {
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
      all.add(one.sessions().append(acme, MAIN, said("one " + i)));
      all.add(two.sessions().append(acme, MAIN, said("two " + i)));
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
    for (Sessions from : List.of(one.sessions(), two.sessions(), node("three").sessions())) {
      assertEquals(texts, texts(from, MAIN));
    }
    int files = await(one.sessions().describe(acme, MAIN)).transcript().size();
    assertTrue(files <= TranscriptWriter.MAX_SEGMENTS, files + " files");
  }
}
