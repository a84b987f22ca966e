package dev.parley.hub.agent;

import dev.parley.hub.switchboard.Credits;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.protocol.envelope.RawJson;
import org.jspecify.annotations.Nullable;

/**
 * The text of a hosted agent on its way to a caller. Its model does not wait, so what the caller
 * gives no credit for is put together here, at most the length of the answer, and becomes one chunk
 * when there is credit again. The reply comes after it. Thread-safe.
 */
final class CreditedText {
  private final Delivery delivery;
  private final StringBuilder waiting = new StringBuilder(0);
  private long credit;
  private @Nullable RawJson reply;

  CreditedText(Delivery delivery) {
    this.delivery = delivery;
    delivery.followCredits(first -> credit = first, this::more);
  }

  synchronized void chunk(String piece) {
    waiting.append(piece);
    flush();
  }

  synchronized void reply(RawJson payload) {
    reply = payload;
    flush();
  }

  private synchronized void more(long granted) {
    credit += granted;
    flush();
  }

  private void flush() {
    if (waiting.length() > 0 && credit != 0) {
      if (credit != Credits.UNLIMITED) {
        credit--;
      }
      delivery.chunk(PayloadText.write(waiting.toString()));
      waiting.setLength(0);
    }
    if (reply != null && waiting.length() == 0) {
      delivery.reply(reply);
    }
  }
}
