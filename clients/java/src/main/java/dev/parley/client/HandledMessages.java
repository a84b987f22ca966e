package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sent messages that an agent has handled lately or is handling. A hub delivers a message again
 * when it did not see the acknowledgement, because the socket was lost or a hub died; with this
 * memory the handler sees each once for as long as the process lives. Thread-safe.
 */
final class HandledMessages {
  private static final class Handling {
    private boolean done;
    private @Nullable AgentContext again;
  }

  private final int most;
  private final Map<String, Handling> handlings = new LinkedHashMap<>();

  HandledMessages(int most) {
    this.most = most;
  }

  /**
   * A message was delivered.
   *
   * @return whether the handler must handle it; if not, it is answered as its first delivery is
   */
  boolean begin(String messageId, AgentContext delivery) {
    if (most == 0) {
      return true;
    }
    synchronized (this) {
      Handling known = handlings.get(messageId);
      if (known == null) {
        handlings.put(messageId, new Handling());
        forgetOldest();
        return true;
      }
      if (!known.done) {
        known.again = delivery;
        return false;
      }
    }
    delivery.reply(null);
    return false;
  }

  private void forgetOldest() {
    Iterator<Handling> oldest = handlings.values().iterator();
    while (handlings.size() > most) {
      oldest.next();
      oldest.remove();
    }
  }

  /**
   * The handler has come to an end with a message, whether anybody still waited for that or not.
   */
  void ended(String messageId, @Nullable ParleyException failure) {
    AgentContext again;
    synchronized (this) {
      Handling known = handlings.get(messageId);
      if (known == null || known.done) {
        return;
      }
      again = known.again;
      known.again = null;
      known.done = failure == null;
      if (failure != null) {
        handlings.remove(messageId);
      }
    }
    if (again == null) {
      return;
    }
    if (failure == null) {
      again.reply(null);
    } else {
      again.fail(failure);
    }
  }
}
