package dev.parley.hub.gateway;

import dev.parley.hub.access.ClientAddress;
import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * Who invokes an operation.
 *
 * @param scope the data of the principal's tenant
 * @param address where the client calls from
 * @param connection the socket the request came over, or null for REST
 * @param traceparent W3C Trace Context of the request, or null
 * @param gone completes when a REST client hangs up before it was answered; never for a socket,
 *     which ends what it has under way itself
 */
public record Caller(
    Principal principal,
    TenantScope scope,
    ClientAddress address,
    @Nullable Connection connection,
    @Nullable String traceparent,
    Future<Void> gone) {

  public TenantId tenant() {
    return principal.tenant();
  }

  /** A live socket with the request it is handling, as operations see it. */
  public interface Connection {
    String id();

    /** Also send events of this topic, of one session or room or (null) of all. */
    void subscribe(Topic topic, @Nullable String key);

    void unsubscribe(Topic topic);

    /**
     * What the agent behind the socket is handling, as the cause of what it sends; null when it is
     * no agent or handles nothing.
     *
     * @param parent the message that it says it is handling, or null
     */
    @Nullable CallCause cause(@Nullable MessageId parent);

    /** Answers the same request once more, after its first answer. */
    void answerAgain(Object payload);
  }

  /** Events that only subscribers get. */
  public enum Topic {
    SESSIONS,
    SESSION_MESSAGES,
    ROOMS
  }
}
