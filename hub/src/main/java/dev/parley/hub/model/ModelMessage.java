package dev.parley.hub.model;

import java.util.List;

/** One message of the conversation a model is shown. */
public sealed interface ModelMessage {

  /** What a person or another agent said. */
  record UserText(String text) implements ModelMessage {}

  /**
   * What the model answered before.
   *
   * @param text empty when it only called tools
   * @param calls empty when it only spoke
   */
  record AssistantTurn(String text, List<ToolCall> calls) implements ModelMessage {
    public AssistantTurn {
      calls = List.copyOf(calls);
    }
  }

  /**
   * What came of a tool call of the turn before.
   *
   * @param callId {@link ToolCall#id()}
   * @param tool {@link ToolCall#name()}
   * @param content the result as the model shall read it; the reason when it failed
   * @param failed whether the tool was refused or failed
   */
  record ToolResult(String callId, String tool, String content, boolean failed)
      implements ModelMessage {}
}
