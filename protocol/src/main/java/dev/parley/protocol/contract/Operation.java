package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * One operation of the hub.
 *
 * @param name the WebSocket method and the OpenAPI operation id, for example {@code
 *     channel.propose}
 * @param permission what the caller's role must permit, for example {@code channels.write}; null
 *     for operations open to everybody, empty for those that only the hub itself may send
 * @param scope the OpenClaw operator scope that covers it, or null
 * @param restMethod HTTP method, or null when the operation has no REST route
 * @param restPath path with {@code {parameters}}, or null
 * @param binary {@code request} or {@code response} when that is a stream of bytes, which only REST
 *     carries; else null
 * @param params JSON Schema (2020-12) of the params
 * @param result JSON Schema of the result
 */
public record Operation(
    String name,
    String summary,
    String feature,
    String origin,
    @Nullable String permission,
    @Nullable String scope,
    @Nullable String restMethod,
    @Nullable String restPath,
    @Nullable String binary,
    ObjectNode params,
    ObjectNode result) {

  public boolean hasRest() {
    return restMethod != null;
  }

  /** Whether the body of a REST request is a stream of bytes, and all params are elsewhere. */
  public boolean takesBytes() {
    return "request".equals(binary);
  }

  /** Whether the answer of a REST request is a stream of bytes. */
  public boolean givesBytes() {
    return "response".equals(binary);
  }
}
