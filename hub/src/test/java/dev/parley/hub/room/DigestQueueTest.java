package dev.parley.hub.room;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.hub.room.DigestQueue.Claimed;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class DigestQueueTest {
  private static final RoomId BUSY = RoomId.parse("acme/busy");
  private static final RoomId QUIET = RoomId.parse("acme/quiet");

  private final Store store;
  private final DigestQueue queue;

  DigestQueueTest(Store store) {
    this.store = store;
    this.queue = new DigestQueue(store);
  }

  @BeforeEach
  void beginEmpty() {
    await(
        store.delete(
            Keyspace.platform().key("room-digests", "due"),
            Keyspace.platform().key("room-digests", "claimed")));
  }

  private List<RoomId> claim(long now, int most) {
    return await(queue.claim(now, most, now + 100)).stream().map(Claimed::room).toList();
  }

  @Test
  void aRoomWithMoreThatIsDueComesAfterOneThatWaits() {
    await(queue.add(BUSY, 10));
    await(queue.add(QUIET, 900));
    assertEquals(List.of(BUSY), claim(1_000, 1));
    await(queue.release(new Claimed(BUSY, 1_100), 1_000));
    assertEquals(List.of(QUIET), claim(1_001, 1));
    assertEquals(List.of(BUSY), claim(1_002, 1));
  }

  @Test
  void aRoomIsClaimedOnceUntilItsNodeDoesNotComeBack() {
    await(queue.add(BUSY, 10));
    assertEquals(List.of(BUSY), claim(1_000, 5));
    await(queue.add(BUSY, 1_010));
    await(queue.add(QUIET, 1_020));
    assertEquals(List.of(QUIET), claim(1_050, 5));
    assertEquals(List.of(BUSY), claim(1_101, 5));
    await(queue.release(new Claimed(BUSY, 1_100), DigestQueue.NEVER));
    assertEquals(List.of(), claim(1_102, 5), "another node's claim was let go of");
    await(queue.release(new Claimed(BUSY, 1_201), DigestQueue.NEVER));
    await(queue.release(new Claimed(QUIET, 1_150), 5_000));
    assertEquals(List.of(), claim(4_999, 5));
    assertEquals(List.of(QUIET), claim(5_000, 5));
  }

  @Test
  void theEarliestTimeCounts() {
    await(queue.add(BUSY, 500));
    await(queue.add(BUSY, 100));
    await(queue.add(BUSY, 900));
    assertEquals(List.of(), claim(99, 5));
    assertEquals(List.of(BUSY), claim(100, 5));
  }
}
