package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.client.ParleyClient;
import dev.parley.client.SendOptions;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;

/** A conversation of durable messages: the next is sent when the hub has the one before. */
final class Mail extends Traffic {
  private static final long PAUSE_MS = 40;
  private static final long AGAIN_MS = 250;
  private static final long ANSWER_MS = 60_000;
  private static final long GIVE_UP_MS = 90_000;

  private final History history;
  private final ParleyClient client;
  private final String series;
  private final String to;

  Mail(History history, ParleyClient client, String series, String to) {
    this.history = history;
    this.client = client;
    this.series = series;
    this.to = to;
  }

  @Override
  void step(long n) throws InterruptedException {
    String id = series.replaceAll("[^a-z0-9]", "-") + "-" + n;
    history.add(Kind.SENT, series, id, n, "");
    long from = history.now();
    while (true) {
      try {
        await(
            client.send(
                to,
                Json.object().put("series", series).put("number", n),
                SendOptions.defaults().conversation(series.replace('>', '/')).messageId(id)),
            ANSWER_MS);
        history.add(Kind.ACCEPTED, series, id, n, "");
        break;
      } catch (ParleyException refused) {
        boolean lasting = !isUnsure(refused) || history.now() - from > GIVE_UP_MS;
        if (lasting) {
          history.add(Kind.REFUSED, series, id, n, String.valueOf(refused.getMessage()));
          break;
        }
        history.add(Kind.UNSURE, series, id, n, refused.code().wireName());
        Thread.sleep(AGAIN_MS);
      }
    }
    Thread.sleep(PAUSE_MS);
  }

  /** Without an answer the hub may have the message or not. */
  private static boolean isUnsure(ParleyException refused) {
    return refused.code().retryable() || refused.code() == ErrorCode.DEADLINE_EXCEEDED;
  }
}
