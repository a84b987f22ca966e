/**
 * The frames of the WebSocket protocol: {@code req}, {@code res} and {@code event}, one JSON object
 * in one text frame, in the layout of the OpenClaw gateway protocol (wire version 4). Both sides
 * may send all three: the hub calls a connected agent with a {@code req} and gets a {@code res}.
 *
 * <p>Parsing reads only the head of a frame; {@code params} and {@code payload} stay text.
 */
@NullMarked
package dev.parley.protocol.frame;

import org.jspecify.annotations.NullMarked;
