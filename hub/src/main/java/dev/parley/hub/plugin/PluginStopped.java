package dev.parley.hub.plugin;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/** Ends a call from within; thrown through the interpreter, so it has no stack trace. */
final class PluginStopped extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Why. The detail code is what programs see. */
  enum Reason {
    /** It did what WebAssembly forbids: a trap. */
    TRAPPED(ErrorCode.AGENT_FAILED, "plugin_trapped"),
    /** It used the CPU for longer than it may. */
    CPU(ErrorCode.AGENT_FAILED, "plugin_cpu"),
    /** It called too deep, or had too much on its stack. */
    STACK(ErrorCode.AGENT_FAILED, "plugin_stack"),
    /** Its result is too large, or no JSON. */
    OUTPUT(ErrorCode.AGENT_FAILED, "plugin_output"),
    /** It said itself that it failed. */
    FAILED(ErrorCode.AGENT_FAILED, "plugin_failed"),
    /** It used what its tenant has not granted. */
    NOT_GRANTED(ErrorCode.FORBIDDEN, "plugin_not_granted"),
    /** It would keep more than it may. */
    STATE_FULL(ErrorCode.LIMIT_EXCEEDED, "plugin_state"),
    /** It gave the host a place outside its memory, or something that is no text. */
    BAD_REQUEST(ErrorCode.AGENT_FAILED, "plugin_bad_request"),
    TIMEOUT(ErrorCode.DEADLINE_EXCEEDED, "plugin_timeout");

    private final ErrorCode code;
    private final String detail;

    Reason(ErrorCode code, String detail) {
      this.code = code;
      this.detail = detail;
    }

    String detail() {
      return detail;
    }
  }

  private final Reason reason;
  private final String text;

  PluginStopped(Reason reason, String text) {
    super(text, null, false, false);
    this.reason = reason;
    this.text = text;
  }

  Reason reason() {
    return reason;
  }

  /** What the caller is told. */
  ParleyException told(String plugin, String tool) {
    return new ParleyException(
            reason.code, "the tool %s of the plugin %s %s".formatted(tool, plugin, text))
        .with(ParleyException.DETAIL_CODE, reason.detail)
        .with("plugin", plugin)
        .with("tool", tool);
  }
}
