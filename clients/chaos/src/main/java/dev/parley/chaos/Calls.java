package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.client.CallOptions;
import dev.parley.client.CallResult;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;

/** A caller who makes the next call when the one before has ended, well or not. */
final class Calls extends Traffic {
  static final int PIECES = 5;
  private static final long PAUSE_MS = 60;
  private static final long DEADLINE_MS = 5_000;

  private final History history;
  private final ParleyClient client;
  private final String series;
  private final String to;
  private final boolean streams;

  Calls(History history, ParleyClient client, String series, String to, boolean streams) {
    this.history = history;
    this.client = client;
    this.series = series;
    this.to = to;
    this.streams = streams;
  }

  @Override
  void step(long n) throws InterruptedException {
    String id = series + ":" + n;
    CallOptions options =
        CallOptions.defaults()
            .timeout(Duration.ofMillis(DEADLINE_MS))
            .messageId(id.replaceAll("[^a-z0-9]", "-"));
    var payload = Json.object().put("echo", id);
    history.add(Kind.CALLED, series, id, DEADLINE_MS, "");
    try {
      CallResult result =
          await(
              streams
                  ? client.stream(
                      to,
                      payload,
                      options,
                      piece -> history.add(Kind.CHUNK, series, id, piece.asLong(-1), ""))
                  : client.call(to, payload, options),
              DEADLINE_MS + 2 * Checker.GRACE_MS);
      history.add(
          Kind.REPLIED, series, id, streams ? PIECES : 0, result.payload().path("echo").asText());
    } catch (ParleyException failure) {
      history.add(Kind.FAILED, series, id, 0, failure.code().wireName());
    }
    Thread.sleep(PAUSE_MS);
  }
}
