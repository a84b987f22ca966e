package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Rights;
import dev.parley.hub.agent.AgentLink;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A socket of role agent: the hub sends {@code agent.deliver} requests, the agent answers each with
 * a {@code res}, and before that, for a stream, with {@code agent.chunk} events.
 */
final class WsAgentLink implements AgentLink {
  private final WsConnection connection;
  private final AgentAddress address;
  private final int window;
  private final RemoteAgents agents;
  private final Map<String, Delivery> pending = new ConcurrentHashMap<>();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicLong requests = new AtomicLong();
  private volatile boolean closed;

  WsAgentLink(WsConnection connection, AgentAddress address, int window, RemoteAgents agents) {
    this.connection = connection;
    this.address = address;
    this.window = window;
    this.agents = agents;
  }

  AgentAddress address() {
    return address;
  }

  @Override
  public int inFlight() {
    return inFlight.get();
  }

  @Override
  public int room() {
    return closed ? 0 : Math.max(0, window - inFlight.get());
  }

  @Override
  public boolean offer(Delivery delivery) {
    if (closed || inFlight.get() >= window) {
      return false;
    }
    inFlight.incrementAndGet();
    String requestId = "d" + requests.incrementAndGet();
    pending.put(requestId, delivery);
    delivery.followCredits(
        credit ->
            connection.send(
                EnvelopeCodec.request(requestId, "agent.deliver", delivery.envelope(), credit)),
        more -> onCredit(requestId, more));
    delivery.onCancel(reason -> onCancelled(requestId, reason));
    return true;
  }

  /**
   * The cause of a call that the agent makes.
   *
   * @param parent the message that it says it is handling, or null
   * @throws ParleyException {@code invalid_request} when it is not handling that
   */
  @Nullable CallCause cause(@Nullable MessageId parent) {
    Delivery deepest = null;
    Delivery idlest = null;
    Rights rights = Rights.ALL;
    for (Delivery delivery : pending.values()) {
      if (parent != null && delivery.envelope().id().equals(parent)) {
        return CallCause.stated(delivery);
      }
      rights = rights.and(CallCause.rightsOf(delivery));
      if (deepest == null || delivery.envelope().hops() > deepest.envelope().hops()) {
        deepest = delivery;
      }
      if (idlest == null || delivery.ledTo() < idlest.ledTo()) {
        idlest = delivery;
      }
    }
    if (parent != null) {
      throw ParleyException.invalid("parent", "this agent is not handling the message " + parent);
    }
    return deepest == null || idlest == null ? null : new CallCause(deepest, false, idlest, rights);
  }

  void onFrame(Frame frame) {
    if (frame instanceof Frame.Response response) {
      onResponse(response);
    } else if (frame instanceof Frame.Event event && event.event().equals("agent.chunk")) {
      onChunk(event);
    }
  }

  void close() {
    closed = true;
    agents.detach(address, this);
    pending
        .values()
        .forEach(
            delivery ->
                delivery.fail(
                    new ParleyException(
                            ErrorCode.AGENT_OFFLINE, "agent %s disconnected".formatted(address))
                        .retryAfter(1_000)));
    pending.clear();
  }

  private void onResponse(Frame.Response response) {
    Delivery delivery = take(response.id());
    if (delivery == null) {
      return;
    }
    if (response.ok()) {
      delivery.reply(response.payload() == null ? RawJson.NULL : response.payload());
    } else {
      ParleyException failure = failureOf(response);
      delivery.fail(delivery.attempt() > 0 ? withRetry(failure, response.error()) : failure);
    }
  }

  private void onChunk(Frame.Event event) {
    if (event.payload() == null) {
      return;
    }
    Map<String, RawJson> members = FrameCodec.members(event.payload());
    RawJson id = members.get("id");
    Delivery delivery = id == null ? null : pending.get(Json.parse("id", id.text()).asText());
    if (delivery != null) {
      delivery.chunk(members.getOrDefault("payload", RawJson.NULL));
    }
  }

  private void onCredit(String requestId, long more) {
    if (pending.containsKey(requestId) && !closed) {
      connection.send(
          FrameCodec.event(
              "stream.credit",
              Json.raw(Json.object().put("id", requestId).put("credit", more)),
              0));
    }
  }

  private void onCancelled(String requestId, ParleyException reason) {
    if (take(requestId) != null && !closed) {
      connection.send(
          FrameCodec.event(
              "agent.cancelled",
              Json.raw(
                  Json.object()
                      .put("id", requestId)
                      .put("code", reason.code().name())
                      .put("reason", reason.text())),
              0));
    }
  }

  private @Nullable Delivery take(String requestId) {
    Delivery delivery = pending.remove(requestId);
    if (delivery != null && inFlight.getAndDecrement() >= window) {
      agents.roomAt(address);
    }
    return delivery;
  }

  /** What the agent says went wrong, as the failure of the agent and never of the hub. */
  private ParleyException failureOf(Frame.Response response) {
    ParleyException told = FrameCodec.toException(response.error());
    String text = told.text();
    return new ParleyException(
            ErrorCode.AGENT_FAILED,
            "agent %s failed: %s"
                .formatted(address, text.length() > 500 ? text.substring(0, 500) + "…" : text))
        .with("agentCode", told.code().wireName());
  }

  /** What the agent says of trying again is for the mailbox, not for the sender. */
  private static ParleyException withRetry(ParleyException failure, @Nullable RawJson error) {
    var json = Json.parse("error", error == null ? "{}" : error.text());
    if (json.path("retryable").isBoolean()) {
      failure.with("agentRetryable", json.path("retryable").booleanValue());
    }
    long after = json.path("retryAfterMs").asLong(-1);
    return after < 0 ? failure : failure.retryAfter(after);
  }
}
