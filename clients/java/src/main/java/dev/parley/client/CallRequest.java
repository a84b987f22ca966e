package dev.parley.client;

import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.FrameCodec;
import org.jspecify.annotations.Nullable;

/**
 * Writes the params of {@code agent.call} and {@code agent.send}; the payload is not read again.
 */
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
      out.append(",\"stream\":true,\"credit\":").append(options.window());
    }
    return new RawJson(out.append(",\"payload\":").append(raw.text()).append('}').toString());
  }

  /** Of a message that is sent; one without an id gets one, so that it can be sent again. */
  static RawJson params(String to, @Nullable Object payload, SendOptions options) {
    RawJson raw = Payloads.raw(payload);
    String id = options.messageId();
    StringBuilder out = new StringBuilder(160 + raw.text().length());
    out.append("{\"to\":");
    FrameCodec.quote(out, to);
    member(out, "from", options.from());
    member(out, "conversation", options.conversation());
    member(out, "messageId", id == null ? MessageId.next().value() : id);
    member(out, "parent", options.parent());
    member(out, "priority", options.priority().wireName());
    if (options.ttl() != null) {
      out.append(",\"ttlMs\":").append(Math.max(1, options.ttl().toMillis()));
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
