package dev.parley.hub.outbound;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/** A whole answer; its status may be any, redirects that are not followed among them. */
public record OutboundResponse(int status, MultiMap headers, Buffer body) {}
