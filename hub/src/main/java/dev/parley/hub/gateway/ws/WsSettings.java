package dev.parley.hub.gateway.ws;

import dev.parley.hub.stream.StreamSettings;
import java.time.Duration;

/**
 * Bounds of the WebSocket gateway.
 *
 * @param maxPayloadBytes largest frame that is read; told to clients as {@code policy.maxPayload}
 * @param maxHandshakeBytes largest frame before the client is authenticated
 * @param maxBufferedBytes unread bytes after which a slow client is disconnected
 * @param maxInFlight requests of one connection that may be under way
 * @param handshakeTimeout time to authenticate
 * @param closeGrace time a client gets to take notice of a close frame
 * @param tickInterval between {@code tick} events
 * @param resumeWindow how long the events of a lost connection are kept
 * @param resumeEvents how many of them
 * @param resumeBytes how many bytes of them
 * @param maxConnections sockets of this node
 * @param maxHandshakes of those, sockets that have not authenticated
 * @param streams how much is kept of streamed replies
 */
public record WsSettings(
    int maxPayloadBytes,
    int maxHandshakeBytes,
    int maxBufferedBytes,
    int maxInFlight,
    Duration handshakeTimeout,
    Duration closeGrace,
    Duration tickInterval,
    Duration resumeWindow,
    int resumeEvents,
    int resumeBytes,
    int maxConnections,
    int maxHandshakes,
    StreamSettings streams) {
  private static final int HARD_FRAME_FACTOR = 4;

  /** The bounds that a hub has unless its operator sets others. */
  public static WsSettings defaults() {
    return new WsSettings(
        1 << 20,
        64 << 10,
        8 << 20,
        1024,
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        512,
        256 << 10,
        100_000,
        5_000,
        StreamSettings.defaults());
  }

  /** The largest frame that is read, so that one beyond the limit can be answered by its id. */
  public int hardLimitBytes() {
    return maxPayloadBytes * HARD_FRAME_FACTOR;
  }
}
