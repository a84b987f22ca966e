package dev.parley.hub.gateway.ws;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.FrameCodec;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The numbered events of a client, on their way to the socket it has at the moment, and the last of
 * them kept so that a client that lost its socket gets what it missed. Payloads are kept as they
 * came, so that one that goes to many clients is kept once. Bounded by count and by characters.
 * Thread-safe.
 */
final class EventLog {
  private record Entry(long seq, String event, RawJson payload) {
    String frame() {
      return FrameCodec.event(event, payload, seq);
    }

    int length() {
      return event.length() + payload.text().length();
    }
  }

  private final int maxEvents;
  private final int maxChars;
  private final Deque<Entry> entries = new ArrayDeque<>(0);
  private @Nullable WsConnection socket;
  private int chars;
  private long lastSeq;
  private long tickedAt;

  EventLog(int maxEvents, int maxChars) {
    this.maxEvents = maxEvents;
    this.maxChars = maxChars;
  }

  /** Sends an event with the next number, and keeps it. */
  synchronized void send(String event, RawJson payload) {
    lastSeq++;
    Entry entry = new Entry(lastSeq, event, payload);
    entries.addLast(entry);
    chars += entry.length();
    while (entries.size() > maxEvents || chars > maxChars) {
      chars -= entries.removeFirst().length();
    }
    if (socket != null) {
      socket.send(entry.frame());
    }
  }

  /**
   * Sends a sign of life. It is numbered when events went out since the last one, so that the
   * client notices when it missed the last of them; an idle client has none of it kept.
   */
  synchronized void tick(RawJson payload) {
    if (lastSeq > tickedAt) {
      send("tick", payload);
      tickedAt = lastSeq;
    } else if (socket != null) {
      socket.send(FrameCodec.event("tick", payload, 0));
    }
  }

  /** Whether every event after {@code seq} is still here. */
  synchronized boolean covers(long seq) {
    return seq >= 0 && seq <= lastSeq && seq >= lastSeq - entries.size();
  }

  /**
   * Gives the client a socket: it gets the events after {@code seq} now and those to come in turn.
   */
  synchronized void attach(WsConnection to, long seq) {
    for (Entry entry : entries) {
      if (entry.seq > seq) {
        to.send(entry.frame());
      }
    }
    socket = to;
  }

  synchronized boolean isAttached() {
    return socket != null;
  }

  /** The socket is gone. */
  synchronized void detach(WsConnection from) {
    if (socket == from) {
      socket = null;
    }
  }
}
