package dev.parley.hub.switchboard;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** Keeps sent messages until their agents have handled them. */
public interface Mailroom {
  /**
   * Takes a message for good.
   *
   * @param most messages that may wait for the agents of the receiving tenant
   * @return {@code accepted} once it is in the store, or what has become of the same message when
   *     it was sent before; fails with {@code conflict} or {@code mailbox_full}
   */
  Future<String> accept(Mail mail, long most);

  /** What the switchboard tells of a message that it was given to deliver. */
  interface Handling {
    /** The agent has it. */
    void handedOver();

    /** It ended, handled when there is no failure. */
    void ended(boolean handedOver, @Nullable ParleyException failure);
  }
}
