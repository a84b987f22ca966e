package dev.parley.hub.cluster;

import dev.parley.hub.store.Store;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells every node of a change: this one at once, before {@link #announce} returns, the others over
 * Redis. While the subscription is broken announcements may be missed; the listeners for gaps then
 * drop what they have cached.
 */
public final class Announcements {
  private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);
  private static final String TOPIC = "parley:announcements";

  private record Message(String node, Announcement change) {}

  private final Store store;
  private final String node = UUID.randomUUID().toString();
  private final List<Consumer<Announcement>> listeners = new CopyOnWriteArrayList<>();
  private final List<Runnable> gapListeners = new CopyOnWriteArrayList<>();

  public Announcements(Store store) {
    this.store = store;
  }

  /** Starts to listen to the other nodes. */
  public Future<Void> start() {
    return store.subscribe(TOPIC, this::receive, this::gap);
  }

  /** Adds a listener; it must be quick and thread-safe. */
  public void listen(Consumer<Announcement> listener, Runnable onGap) {
    listeners.add(listener);
    gapListeners.add(onGap);
  }

  /** Tells this node now and the others soon; fails only when Redis is away. */
  public Future<Void> announce(Announcement change) {
    dispatch(change);
    return store.publish(TOPIC, Json.write(new Message(node, change)));
  }

  private void receive(String text) {
    Message message = Json.read(text, Message.class);
    if (!message.node.equals(node)) {
      dispatch(message.change);
    }
  }

  private void dispatch(Announcement change) {
    for (Consumer<Announcement> listener : listeners) {
      try {
        listener.accept(change);
      } catch (RuntimeException e) {
        LOG.error("a listener failed on {}", change, e);
      }
    }
  }

  private void gap() {
    LOG.warn("announcements may have been missed; dropping what was cached");
    gapListeners.forEach(Runnable::run);
  }
}
