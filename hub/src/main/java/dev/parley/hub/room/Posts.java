package dev.parley.hub.room;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is said in rooms. A post is kept first and delivered then; who posts the same again under
 * its id after a failure in between has the rest delivered.
 */
public final class Posts {
  private static final Logger LOG = LoggerFactory.getLogger(Posts.class);
  private static final Script POST = Script.replicated("room-post");
  private static final Script POSTED = new Script("room-posted");
  private static final Script HISTORY = new Script("room-history");
  private static final List<String> KEYS =
      List.of("head", "members", "listeners", "log", "digests");
  private static final int PAGE_BYTES = 512 << 10;

  private final RoomStore store;
  private final Fanout fanout;
  private final Announcements announcements;
  private final Digests digests;
  private final RoomSettings settings;
  private final Clock clock;
  private final LongAdder kept = new LongAdder();
  private final LongAdder reached = new LongAdder();
  private final LongAdder refused = new LongAdder();

  public Posts(
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      Switchboard switchboard,
      AgentDirectory agents,
      Announcements announcements,
      Digests digests,
      RoomSettings settings,
      Clock clock) {
    this.store = new RoomStore(store, scopes, tenants);
    this.fanout = new Fanout(switchboard::send, agents);
    this.announcements = announcements;
    this.digests = digests;
    this.settings = settings;
    this.clock = clock;
  }

  /** Adds its metrics. */
  public void measuredBy(HubMetrics metrics) {
    metrics.counter("parley.rooms.posts", "messages posted in rooms", kept, LongAdder::sum);
    metrics.counter(
        "parley.rooms.deliveries", "agents that a post was delivered to", reached, LongAdder::sum);
    metrics.counter(
        "parley.rooms.deliveries.refused",
        "agents that a post was for and was not delivered to",
        refused,
        LongAdder::sum);
  }

  /**
   * Posts a message.
   *
   * @return its offset, and how many agents were reached and refused; fails with {@code not_found}
   *     for who is not in the room, {@code conflict}, {@code rate_limited} and {@code
   *     budget_exceeded} by the room's own budget
   */
  public Future<ObjectNode> post(RoomId room, Post post) {
    post.requireAtMost(settings.maxPostBytes());
    Party sender = post.party();
    long now = clock.millis();
    return store
        .enter(post.caller(), room)
        .compose(in -> fanout.requireAgent(sender))
        .compose(
            in ->
                store.runOnce(
                    POST,
                    room,
                    KEYS,
                    once(post),
                    Long.toString(now),
                    sender.tenant().value(),
                    sender.toString(),
                    post.fingerprint(),
                    Json.write(post.toJson().put("at", now)),
                    Long.toString(settings.retention().toMillis()),
                    Integer.toString(settings.historyMessages()),
                    post.mentioned(),
                    post.tagged(),
                    Integer.toString(settings.historyBytes())))
        .compose(result -> posted(room, post, result));
  }

  private static String[] once(Post post) {
    return new String[] {post.caller().tenant().value(), post.id().value()};
  }

  private Future<ObjectNode> posted(RoomId room, Post post, ScriptResult result) {
    int outcome = (int) result.integer(0);
    if (outcome < 0) {
      throw refusal(room, post, outcome, result);
    }
    long offset = result.integer(1);
    if (outcome == 2) {
      String[] counts = result.text(2).split(" ", -1);
      return Future.succeededFuture(
          answer(room, post, offset, Integer.parseInt(counts[0]), Integer.parseInt(counts[1])));
    }
    kept.increment();
    ObjectNode message = Json.parseObject("post", result.text(2)).put("offset", offset);
    message.put("room", room.toString());
    announce(room, words(result.text(5)), message);
    Fanout.Order order =
        new Fanout.Order(
            post.caller(),
            post.from(),
            Json.raw(Post.forAgents(message)),
            "room:" + room,
            post.cause(),
            post.traceparent(),
            room + "\n" + offset);
    return digests
        .expect(room, Long.parseLong(result.text(4)))
        .compose(
            expected ->
                fanout.send(
                    order, words(result.text(3)).stream().map(AgentAddress::parse).toList()))
        .compose(
            tally -> {
              reached.add(tally.reached());
              refused.add(tally.refused());
              return settle(room, post, tally)
                  .map(answer(room, post, offset, tally.reached(), tally.refused()));
            });
  }

  /** What came of it is final unless posting it again may reach more. */
  private Future<Void> settle(RoomId room, Post post, Fanout.Tally tally) {
    return tally.open()
        ? Future.succeededFuture()
        : store
            .runOnce(POSTED, room, List.of(), once(post), tally.reached() + " " + tally.refused())
            .mapEmpty();
  }

  private void announce(RoomId room, List<String> tenants, ObjectNode message) {
    announcements
        .announce(new Announcement.RoomPosted(room.toString(), tenants, Json.write(message)))
        .onFailure(away -> LOG.warn("other nodes may not tell people of {}", room, away));
  }

  private static ObjectNode answer(RoomId room, Post post, long offset, int reached, int refused) {
    return Json.object()
        .put("room", room.toString())
        .put("offset", offset)
        .put("messageId", post.id().value())
        .put("reached", reached)
        .put("refused", refused);
  }

  private static ParleyException refusal(RoomId room, Post post, int outcome, ScriptResult result) {
    return switch (outcome) {
      case -2 -> room.closed();
      case -3 ->
          new ParleyException(
                  ErrorCode.CONFLICT,
                  "another message was posted in room %s as %s".formatted(room, post.id()))
              .with("field", "messageId");
      case -4 ->
          new ParleyException(
                  ErrorCode.RATE_LIMITED,
                  "room %s takes %d posts a minute".formatted(room, result.integer(1)))
              .with("limit", "room_posts_per_minute")
              .with("max", result.integer(1))
              .with("room", room.toString())
              .retryAfter(result.integer(2));
      case -5 ->
          new ParleyException(
                  ErrorCode.BUDGET_EXCEEDED,
                  ("room %s takes %d deliveries a day, and this post would need more; mention"
                          + " fewer agents or wait until tomorrow (UTC)")
                      .formatted(room, result.integer(1)))
              .with("limit", "room_deliveries_per_day")
              .with("max", result.integer(1))
              .with("room", room.toString())
              .retryAfter(result.integer(2));
      default -> room.notFound();
    };
  }

  /**
   * The messages from an offset on, oldest first: as many as asked for, or fewer when they are
   * long.
   */
  public Future<ObjectNode> history(Principal caller, RoomId room, long from, int limit) {
    return store
        .enter(caller, room)
        .compose(
            in ->
                store.run(
                    HISTORY,
                    room,
                    List.of("head", "members", "log"),
                    caller.tenant().value(),
                    caller.party().toString(),
                    Rooms.seat(caller),
                    Long.toString(from),
                    Integer.toString(limit),
                    Integer.toString(PAGE_BYTES),
                    Long.toString(clock.millis() - settings.retention().toMillis())))
        .map(
            result -> {
              if (result.integer(0) < 0) {
                throw room.notFound();
              }
              return page(room, result, from);
            });
  }

  private static ObjectNode page(RoomId room, ScriptResult result, long from) {
    ObjectNode page = Json.object().put("room", room.toString());
    ArrayNode messages = page.putArray("messages");
    long next = Math.max(from, 1);
    for (int at = 3; at < result.size(); at += 2) {
      long offset = result.integer(at);
      messages.add(Json.parseObject("post", result.text(at + 1)).put("offset", offset));
      next = offset + 1;
    }
    return page.put("firstOffset", result.integer(2))
        .put("lastOffset", result.integer(1))
        .put("next", next);
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split(" ", -1));
  }
}
