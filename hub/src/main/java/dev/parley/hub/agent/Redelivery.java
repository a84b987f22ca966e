package dev.parley.hub.agent;

import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;

/**
 * A sent message that a hosted agent gets again. Each time is a run of its own; when the one before
 * had come to its end, and only the hub died before that was written down, there is none.
 */
final class Redelivery {
  private Redelivery() {}

  /** The id of the run: that of the message, with the attempt from the second on. */
  static String runId(String first, int attempt) {
    return attempt <= 1 ? first : first + "~" + attempt;
  }

  /** Whether the attempt before this one has handled the message. */
  static Future<Boolean> isDone(
      HostedAgents.Parts parts, TenantScope scope, SessionKey session, Delivery delivery) {
    if (delivery.attempt() <= 1) {
      return Future.succeededFuture(false);
    }
    String first = parts.runIds().runOf(scope.tenant(), delivery.envelope().id());
    return parts
        .sessions()
        .statusOf(
            scope,
            session,
            runId(first, delivery.attempt() - 1),
            PayloadText.of(delivery.envelope().payload()))
        .map(status -> status.filter(RunStatus.OK::equals).isPresent());
  }
}
