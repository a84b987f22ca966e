package dev.parley.client;

import dev.parley.protocol.error.ParleyException;

/** What a client's connection is doing, for those who show it. */
public sealed interface ConnectionState {
  /** The hub let the client in, for the first time or again. */
  record Connected(HubUrl url, Hello hello) implements ConnectionState {}

  /**
   * The socket was lost or could not be opened; the client tries again.
   *
   * @param retryInMs milliseconds until the next attempt
   */
  record Reconnecting(ParleyException why, long retryInMs) implements ConnectionState {}

  /** The client has ended: it was closed, or the hub does not want it back. */
  record Ended(ParleyException why) implements ConnectionState {}
}
