package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.FrameCodec;
import org.jspecify.annotations.Nullable;

/** Writes the params of {@code agent.call}; the payload is not read again. */
final class CallRequest {
  private CallRequest() {}

  static RawJson params(String to, @Nullable Object payload, CallOptions options, boolean stream) {
    RawJson raw = Payloads.raw(payload);
    StringBuilder out = new StringBuilder(160 + raw.text().length());
    out.append("{\"to\":");
    FrameCodec.quote(out, to);
    member(out, "from", options.from());
    member(out, "conversation", options.conversation());
    member(out, "messageId", options.messageId());
    member(out, "parent", options.parent());
    out.append(",\"timeoutMs\":").append(Math.max(1, options.timeout().toMillis()));
    if (stream) {
      out.append(",\"stream\":true");
    }
    return new RawJson(out.append(",\"payload\":").append(raw.text()).append('}').toString());
  }

  private static void member(StringBuilder out, String name, @Nullable String value) {
    if (value != null) {
      out.append(",\"").append(name).append("\":");
      FrameCodec.quote(out, value);
    }
  }
}
