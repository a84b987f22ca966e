package dev.parley.hub.workspace;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What the files of tenants take, in Redis; see {@code files-book.lua}. */
final class Books {
  private static final Script BOOK = Script.replicated("files-book");
  private static final Script SETTLE = Script.replicated("files-settle");
  private static final Script COUNT = Script.replicated("files-count");

  /** The version of an agent whose files were never counted. */
  static final long NONE = 0;

  private final Store store;
  private final Clock clock;
  private final Duration hold;

  Books(Store store, Clock clock, Duration hold) {
    this.store = store;
    this.clock = clock;
    this.hold = hold;
  }

  /**
   * What ends a change that its node did not end.
   *
   * @param process which began it
   */
  record Intent(String process, String staged, List<WorkspacePath> touched, Tally before) {
    String toText() {
      ObjectNode json =
          Json.object()
              .put("process", process)
              .put("staged", staged)
              .put("bytes", before.bytes())
              .put("files", before.files());
      ArrayNode paths = json.putArray("touched");
      touched.forEach(path -> paths.add(path.toString()));
      return Json.write(json);
    }
  }

  /** What came of a booking. */
  sealed interface Booking {
    record Booked() implements Booking {}

    /** Something else is so many files now: measure again. */
    record Counted(long version) implements Booking {}

    /**
     * Another change is open.
     *
     * @param leftMs how long its node has, negative when its time is over
     */
    record Open(String turn, long leftMs, Intent intent) implements Booking {}

    record Full(String limit, long used) implements Booking {}
  }

  Future<Booking> book(
      Owner owner, long version, String turn, Tally growth, Limits limits, Intent intent) {
    return store
        .run(
            BOOK,
            List.of(key(owner.scope())),
            List.of(
                owner.agent().value(),
                Long.toString(version),
                turn,
                Long.toString(clock.millis()),
                Long.toString(hold.toMillis()),
                Long.toString(growth.bytes()),
                Long.toString(growth.files()),
                Long.toString(Limits.value(limits.fileBytes())),
                Long.toString(Limits.value(limits.files())),
                intent.toText()))
        .map(
            result ->
                switch (result.text(0)) {
                  case "booked" -> new Booking.Booked();
                  case "counted" -> new Booking.Counted(Long.parseLong(result.text(1)));
                  case "open" ->
                      new Booking.Open(
                          result.text(1), Long.parseLong(result.text(2)), intent(result.text(3)));
                  default -> new Booking.Full(result.text(0), Long.parseLong(result.text(1)));
                });
  }

  /** Ends a change; answers the new version, {@link #NONE} when another has ended it. */
  Future<Long> settle(Owner owner, String turn, Tally added) {
    return store
        .run(
            SETTLE,
            List.of(key(owner.scope())),
            List.of(
                owner.agent().value(),
                turn,
                Long.toString(added.bytes()),
                Long.toString(added.files())))
        .map(result -> result.integer(0));
  }

  Future<Long> version(Owner owner) {
    return store
        .hashGet(key(owner.scope()), owner.agent() + ":version")
        .map(version -> version == null ? NONE : Long.parseLong(version));
  }

  /**
   * Notes a count.
   *
   * @param version before it was counted
   * @param forget whether the agent is gone
   * @return the new version, {@link #NONE} when something was changed meanwhile
   */
  Future<Long> count(Owner owner, long version, Tally counted, boolean forget) {
    return store
        .run(
            COUNT,
            List.of(key(owner.scope())),
            List.of(
                owner.agent().value(),
                Long.toString(version),
                Long.toString(counted.bytes()),
                Long.toString(counted.files()),
                forget ? "forget" : "keep"))
        .map(result -> result.integer(0));
  }

  Future<FileUsage> usage(TenantScope scope, Limits limits) {
    Key key = key(scope);
    return store
        .hashGet(key, "bytes")
        .compose(
            bytes ->
                store
                    .hashGet(key, "files")
                    .map(
                        files ->
                            new FileUsage(
                                bytes == null ? 0 : Long.parseLong(bytes),
                                Limits.value(limits.fileBytes()),
                                files == null ? 0 : Long.parseLong(files),
                                Limits.value(limits.files()))));
  }

  /** The refusal of a change that the limits do not admit. */
  static ParleyException full(Owner owner, Booking.Full full, Tally growth, Limits limits) {
    boolean bytes = full.limit().equals("bytes");
    long most = Limits.value(bytes ? limits.fileBytes() : limits.files());
    return full(owner.scope(), bytes, full.used(), bytes ? growth.bytes() : growth.files(), most);
  }

  static ParleyException full(TenantScope scope, boolean bytes, long used, long more, long most) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d %s and may have %d; this needs %d more: delete some or ask for a higher plan"
                .formatted(scope.tenant(), used, bytes ? "bytes in files" : "files", most, more))
        .with("limit", bytes ? "file_bytes" : "files")
        .with("owner", "tenant " + scope.tenant())
        .with("used", used)
        .with("max", most);
  }

  private static Intent intent(String text) {
    ObjectNode json = Json.parseObject("intent", text);
    List<WorkspacePath> touched = new ArrayList<>();
    json.path("touched").forEach(path -> touched.add(WorkspacePath.ofDirectory(path.asText())));
    return new Intent(
        json.path("process").asText(),
        json.path("staged").asText(),
        touched,
        new Tally(json.path("bytes").asLong(), json.path("files").asLong()));
  }

  private static Key key(TenantScope scope) {
    return scope.key("files");
  }
}
