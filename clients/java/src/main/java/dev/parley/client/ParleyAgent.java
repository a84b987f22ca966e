package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.EnvelopeCodec;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An agent: a connection in the role agent that gives each message to a handler and sends its
 * answer. It outlives its sockets: when one is lost, its messages are cancelled, and the agent is
 * back as soon as a hub lets it in again. Made by {@link ParleyClientBuilder#connectAgent}.
 *
 * <p>A sent message ({@link Kind#SEND}) may be delivered more than once; the handler gets it once
 * for as long as this object remembers it, see {@link ParleyClientBuilder#remembered}.
 *
 * <p>Deliveries are registered and cancelled on the connection's serial executor, in the order in
 * which the hub sent them; handlers run beside it, so a slow one holds up nobody.
 */
public final class ParleyAgent implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.parley.client");

  private final ParleyClient client;
  private final AgentHandler handler;
  private final HandledMessages handled;
  private final Map<String, AgentContext> underWay = new ConcurrentHashMap<>();

  ParleyAgent(ClientOptions options, AgentHandler handler) {
    this.client = new ParleyClient(options, new Deliveries());
    this.handler = handler;
    this.handled = new HandledMessages(options.remembered());
  }

  CompletableFuture<ParleyAgent> start() {
    return client.start().thenApply(connected -> this);
  }

  /** The agent this is, {@code tenant/agent}. */
  public String address() {
    Hello hello = client.hello();
    return hello.tenant() + "/" + hello.agent();
  }

  /** The connection itself, for calls and requests that no message caused. */
  public ParleyClient client() {
    return client;
  }

  /** Completes, never exceptionally, with the reason for which this agent has ended for good. */
  public CompletableFuture<ParleyException> ended() {
    return client.ended();
  }

  /** Leaves the hub. Messages under way are cancelled; their callers see {@code agent_offline}. */
  @Override
  public void close() {
    client.close();
  }

  private void handle(AgentMessage message, AgentContext context) {
    if (context.isCancelled()) {
      context.fail(new ParleyException(ErrorCode.UNAVAILABLE, "it ended before it was handled"));
      return;
    }
    CompletionStage<? extends @Nullable Object> answer;
    try {
      answer = handler.handle(message, context);
    } catch (Throwable failure) {
      fail(message, context, failure);
      return;
    }
    if (answer != null) {
      answer.whenComplete(
          (reply, failure) -> {
            if (failure == null) {
              context.reply(reply);
            } else {
              fail(message, context, failure);
            }
          });
    }
  }

  private static void fail(AgentMessage message, AgentContext context, Throwable failure) {
    if (Failures.unwrap(failure) instanceof ParleyException told) {
      context.fail(told);
    } else if (context.fail(
        new ParleyException(ErrorCode.INTERNAL, "the agent's handler failed; see its log"))) {
      LOG.log(
          System.Logger.Level.ERROR, "handling message %s failed".formatted(message.id()), failure);
    }
  }

  /** What the connection hears for the agent; called one at a time and in order. */
  private final class Deliveries implements ParleyClient.AgentSide {
    @Override
    public void onRequest(Frame.Request request, Socket from) {
      AgentMessage message;
      try {
        message = read(request);
      } catch (ParleyException refusal) {
        var unused = from.send(FrameCodec.error(request.id(), refusal));
        return;
      }
      boolean repeatable = message.kind() == Kind.SEND;
      AgentContext context =
          new AgentContext(
              client,
              from,
              request.id(),
              message,
              creditOf(request),
              ended -> underWay.remove(ended.deliveryId(), ended),
              failure -> {
                if (repeatable) {
                  handled.ended(message.id(), failure);
                }
              });
      underWay.put(request.id(), context);
      if (!repeatable || handled.begin(message.id(), context)) {
        client.options().executor().execute(() -> handle(message, context));
      }
    }

    @Override
    public void onCancelled(RawJson payload) {
      Map<String, RawJson> members = FrameCodec.members(payload);
      AgentContext context = underWay.get(text(members, "id"));
      if (context != null) {
        ErrorCode code = ErrorCode.of(text(members, "code")).orElse(ErrorCode.CANCELLED);
        context.cancel(new ParleyException(code, text(members, "reason")));
      }
    }

    @Override
    public void onCredit(RawJson payload) {
      JsonNode credit = Json.parse("stream.credit", payload.text());
      AgentContext context = underWay.get(credit.path("id").asText());
      if (context != null) {
        context.grant(credit.path("credit").asLong());
      }
    }

    @Override
    public void onLost() {
      for (AgentContext context : List.copyOf(underWay.values())) {
        context.cancel(Failures.lost("agent.deliver"));
      }
    }

    private AgentMessage read(Frame.Request request) {
      RawJson params = request.params();
      if (!request.method().equals("agent.deliver") || params == null) {
        throw ParleyException.invalid(
            "method", "an agent answers agent.deliver, not " + request.method());
      }
      int window = client.options().window();
      if (underWay.size() >= window) {
        throw new ParleyException(
                ErrorCode.RATE_LIMITED,
                "this agent handles %d messages already; that is its window".formatted(window))
            .with("limit", "window")
            .with("max", window);
      }
      return AgentMessage.of(EnvelopeCodec.read(params));
    }

    private static long creditOf(Frame.Request request) {
      RawJson credit =
          request.params() == null ? null : FrameCodec.members(request.params()).get("credit");
      return credit == null ? ChunkQueue.UNLIMITED : Json.parse("credit", credit.text()).asLong();
    }

    private static String text(Map<String, RawJson> members, String name) {
      RawJson member = members.get(name);
      return member == null ? "" : Json.parse(name, member.text()).asText();
    }
  }
}
