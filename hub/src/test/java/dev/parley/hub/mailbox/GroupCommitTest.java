package dev.parley.hub.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.store.ScriptResult;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
  private static final TenantId ACME = new TenantId("acme");
  private static final TenantId GLOBEX = new TenantId("globex");

  private record Batch(TenantId tenant, List<String> writes, Promise<ScriptResult> answer) {
    void end() {
      answer.complete(new ScriptResult(writes.stream().map(write -> (Object) write).toList()));
    }
  }

  private final List<Batch> written = new ArrayList<>();
  private final GroupCommit<String> commit =
      new GroupCommit<>(
          (tenant, batch) -> {
            Batch one = new Batch(tenant, batch, Promise.promise());
            written.add(one);
            return one.answer.future();
          });

  @Test
  void whatComesWhileABatchIsOnTheWayIsTheNextAndEachHasItsAnswer() {
    Future<String> first = commit.add(ACME, "1", 10);
    Future<String> second = commit.add(ACME, "2", 10);
    Future<String> third = commit.add(ACME, "3", 10);
    assertEquals(List.of(List.of("1")), written.stream().map(Batch::writes).toList());
    written.get(0).end();
    assertEquals("1", first.result());
    assertFalse(second.isComplete());
    assertEquals(List.of("2", "3"), written.get(1).writes());
    written.get(1).end();
    assertEquals("2", second.result());
    assertEquals("3", third.result());
    assertEquals(2, commit.batches());
    assertEquals(0, commit.waitingBytes());
  }

  @Test
  void aTenantWithMuchWaitingHasOneBatchOfBoundedSizeAndHoldsUpNoOther() {
    for (int i = 0; i < 2 * GroupCommit.BATCH_WRITES; i++) {
      commit.add(ACME, "w", 10);
    }
    commit.add(GLOBEX, "g", 10);
    assertEquals(List.of(ACME, GLOBEX), written.stream().map(Batch::tenant).toList());
    written.get(0).end();
    assertEquals(GroupCommit.BATCH_WRITES, written.get(2).writes().size());
    written.get(2).end();
    assertEquals(GroupCommit.BATCH_WRITES - 1, written.get(3).writes().size());
  }

  @Test
  void aBatchIsBoundedByBytesAndTakesWhatIsLargerAlone() {
    commit.add(ACME, "first", 10);
    commit.add(ACME, "large", 2 * GroupCommit.BATCH_BYTES);
    commit.add(ACME, "half", GroupCommit.BATCH_BYTES / 2 + 1);
    commit.add(ACME, "other half", GroupCommit.BATCH_BYTES / 2);
    commit.add(ACME, "small", 10);
    for (int i = 0; i < 4; i++) {
      written.get(i).end();
    }
    assertEquals(
        List.of(
            List.of("first"), List.of("large"), List.of("half"), List.of("other half", "small")),
        written.stream().map(Batch::writes).toList());
  }

  @Test
  void aFailureIsThatOfItsBatchAlone() {
    Future<String> first = commit.add(ACME, "1", 10);
    Future<String> second = commit.add(ACME, "2", 10);
    written.get(0).answer.fail("broken");
    assertEquals("broken", first.cause().getMessage());
    written.get(1).end();
    assertEquals("2", second.result());
    assertEquals(0, commit.waitingBytes());
  }

  @Test
  void whoHasTooMuchWaitingIsRefusedAndOthersAreNot() {
    commit.add(ACME, "on the way", 10);
    List<Future<String>> waiting =
        IntStream.range(0, GroupCommit.TENANT_WRITES)
            .mapToObj(i -> commit.add(ACME, "w", 10))
            .toList();
    assertFalse(waiting.get(waiting.size() - 1).isComplete());
    refused(commit.add(ACME, "too many", 10));
    long before = commit.waitingBytes();
    commit.add(GLOBEX, "on the way", 10);
    assertFalse(commit.add(GLOBEX, "all that it may", (int) GroupCommit.TENANT_BYTES).isComplete());
    refused(commit.add(GLOBEX, "too large", 1));
    assertEquals(before + 10 + GroupCommit.TENANT_BYTES, commit.waitingBytes());
    written.forEach(batch -> assertEquals(List.of("on the way"), batch.writes()));
  }

  @Test
  void allThatWaitsIsBounded() {
    List<Future<String>> all = new ArrayList<>();
    for (long bytes = 0; bytes < GroupCommit.ALL_BYTES; bytes += GroupCommit.TENANT_BYTES) {
      all.add(commit.add(new TenantId("t" + bytes), "w", (int) GroupCommit.TENANT_BYTES));
    }
    assertTrue(all.stream().noneMatch(Future::isComplete));
    refused(commit.add(ACME, "w", 1));
    written.get(0).end();
    assertFalse(commit.add(ACME, "w", 1).isComplete());
  }

  private static void refused(Future<String> write) {
    ParleyException refusal = (ParleyException) write.cause();
    assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
    assertEquals("not_done", refusal.details().get("outcome"));
    assertTrue(refusal.retryAfterMs() > 0);
  }
}
