/**
 * The WebSocket gateway: frames of the OpenClaw gateway protocol (wire version 4) and Parley's
 * superset, on {@code /} and {@code /ws}. A socket is one {@link
 * dev.parley.hub.gateway.ws.WsConnection}: challenge, connect, then requests until it closes. A
 * socket of role agent is also a {@link dev.parley.hub.agent.AgentLink}.
 */
@NullMarked
package dev.parley.hub.gateway.ws;

import org.jspecify.annotations.NullMarked;
