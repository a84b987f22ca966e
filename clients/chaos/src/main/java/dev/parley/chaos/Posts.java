package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chaos.Event.Kind;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.List;

/**
 * A person who posts numbered messages in a room, the next when the one before was put into the
 * mailbox of each agent that listens.
 */
final class Posts extends Traffic {
  static final String ROOM = "square";
  private static final long PAUSE_MS = 250;
  private static final long AGAIN_MS = 250;
  private static final long ANSWER_MS = 60_000;
  private static final long GIVE_UP_MS = 90_000;

  private final History history;
  private final ParleyClient client;
  private final String room;
  private final List<String> listeners;

  /**
   * Has posted nothing.
   *
   * @param listeners the agents that get every message of the room
   */
  Posts(History history, ParleyClient client, String room, List<String> listeners) {
    this.history = history;
    this.client = client;
    this.room = room;
    this.listeners = listeners;
  }

  static String transcript(String room) {
    return "room:" + room;
  }

  /** What the messages of a room to one of its agents are counted by. */
  static String series(String room, String listener) {
    return "room:%s>%s".formatted(room, listener);
  }

  /** Names the delivery of a post to one agent. */
  static String delivery(String room, String listener, long number) {
    return "%s:%d".formatted(series(room, listener), number);
  }

  @Override
  void step(long n) throws InterruptedException {
    String id = "%s-%d".formatted(room.replace('/', '-'), n);
    each(Kind.SENT, n, "");
    ObjectNode post = Json.object().put("room", room).put("messageId", id);
    post.putObject("payload").put("room", room).put("number", n);
    long from = history.now();
    while (true) {
      String missing;
      try {
        JsonNode posted = await(client.request("room.post", post), ANSWER_MS);
        if (posted.path("reached").asInt() == listeners.size()) {
          each(Kind.ACCEPTED, n, "");
          history.add(Kind.ANSWERED, transcript(room), id, n, "");
          break;
        }
        missing = "reached " + posted.path("reached").asInt();
      } catch (ParleyException refused) {
        if (!refused.code().retryable() && refused.code() != ErrorCode.DEADLINE_EXCEEDED) {
          each(Kind.REFUSED, n, String.valueOf(refused.getMessage()));
          break;
        }
        missing = refused.code().wireName();
      }
      if (history.now() - from > GIVE_UP_MS) {
        each(Kind.REFUSED, n, missing);
        break;
      }
      each(Kind.UNSURE, n, missing);
      Thread.sleep(AGAIN_MS);
    }
    Thread.sleep(PAUSE_MS);
  }

  private void each(Kind kind, long n, String note) {
    for (String listener : listeners) {
      history.add(kind, series(room, listener), delivery(room, listener, n), n, note);
    }
  }
}
