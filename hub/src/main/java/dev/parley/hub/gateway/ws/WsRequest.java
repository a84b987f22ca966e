package dev.parley.hub.gateway.ws;

import dev.parley.hub.gateway.Caller;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/** The socket and the request that an operation is handling. */
record WsRequest(WsConnection connection, WsSession session, String requestId)
    implements Caller.Connection {

  @Override
  public String id() {
    return connection.id();
  }

  @Override
  public void subscribe(Caller.Topic topic, @Nullable String sessionKey) {
    session.subscribe(topic, sessionKey);
  }

  @Override
  public void unsubscribe(Caller.Topic topic) {
    session.unsubscribe(topic);
  }

  @Override
  public @Nullable CallCause cause(@Nullable MessageId parent) {
    WsAgentLink link = session.link();
    return link == null ? null : link.cause(parent);
  }

  @Override
  public void answerAgain(Object payload) {
    connection.send(FrameCodec.ok(requestId, Json.raw(payload)));
  }
}
