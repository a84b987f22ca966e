package dev.parley.hub.model;

import java.util.List;

/**
 * A model's whole answer.
 *
 * @param text all pieces that were streamed, joined
 * @param calls the tools it wants called before it goes on; empty unless the reason is {@link
 *     StopReason#TOOL_CALLS}
 */
public record ModelReply(String text, List<ToolCall> calls, TokenUsage usage, StopReason reason) {
  public ModelReply {
    calls = List.copyOf(calls);
  }
}
