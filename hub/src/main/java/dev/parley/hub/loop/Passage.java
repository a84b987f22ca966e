package dev.parley.hub.loop;

import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.RawJson;
import org.jspecify.annotations.Nullable;

/**
 * A message that is about to pass an edge.
 *
 * @param chain the first message of its cause chain, null when it begins one
 * @param siblings how many messages its direct cause has led to, this one included; 0 without cause
 */
public record Passage(Edge edge, RawJson payload, @Nullable Cause chain, int siblings) {}
