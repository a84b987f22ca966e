package dev.parley.hub.room;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** The rooms in which digests are due, in Redis; what the script does is said in its header. */
final class DigestQueue {
  static final long NEVER = -1;

  private static final Script SCRIPT = new Script("room-due");
  private static final List<Key> KEYS =
      List.of(
          Keyspace.platform().key("room-digests", "due"),
          Keyspace.platform().key("room-digests", "claimed"));

  /** A room whose digests this node tells until then. */
  record Claimed(RoomId room, long until) {}

  private final Store store;

  DigestQueue(Store store) {
    this.store = store;
  }

  Future<Void> add(RoomId room, long due) {
    return run("add", room.toString(), Long.toString(due)).mapEmpty();
  }

  Future<List<Claimed>> claim(long now, int most, long until) {
    return run("claim", Long.toString(now), Integer.toString(most), Long.toString(until))
        .map(
            rooms -> {
              List<Claimed> claimed = new ArrayList<>();
              for (int i = 0; i < rooms.size(); i++) {
                claimed.add(new Claimed(RoomId.parse(rooms.text(i)), until));
              }
              return claimed;
            });
  }

  /** Lets go of a room; {@code next} is when its next digest is due, or {@link #NEVER}. */
  Future<Void> release(Claimed claimed, long next) {
    return run(
            "release", claimed.room.toString(), Long.toString(claimed.until), Long.toString(next))
        .mapEmpty();
  }

  private Future<ScriptResult> run(String... arguments) {
    return store.run(SCRIPT, KEYS, List.of(arguments));
  }
}
