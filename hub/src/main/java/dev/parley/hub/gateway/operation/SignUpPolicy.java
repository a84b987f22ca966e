package dev.parley.hub.gateway.operation;

import dev.parley.hub.access.AttemptLimit;
import dev.parley.hub.access.ClientAddress;
import dev.parley.hub.tenant.Invites;
import dev.parley.hub.tenant.Plan;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * Who may sign up, and on which plan.
 *
 * @param mode what the operator has set
 * @param plan the plan of new tenants
 * @param perAddress how often one address may try, also with a wrong invite or a taken name
 * @param inAll how often all may
 */
public record SignUpPolicy(
    Mode mode, Plan plan, Invites invites, AttemptLimit perAddress, AttemptLimit inAll) {

  /** Whether sign-ups are taken. */
  public enum Mode {
    OPEN,
    INVITE,
    CLOSED
  }

  /** A sign-up that may go ahead; undone when it fails after all, so that no invite is lost. */
  interface Admission {
    Future<Void> undo();
  }

  Future<Admission> admit(@Nullable String invite, ClientAddress from) {
    if (mode != Mode.CLOSED) {
      perAddress.take(from.owner());
      inAll.take("all addresses");
    }
    return switch (mode) {
      case OPEN -> Future.succeededFuture(Future::succeededFuture);
      case CLOSED ->
          Future.failedFuture(
              new ParleyException(
                  ErrorCode.FORBIDDEN,
                  "this hub takes no sign-ups; ask its operator for a tenant"));
      case INVITE ->
          invite == null
              ? Future.failedFuture(
                  ParleyException.invalid(
                      "invite", "this hub takes sign-ups by invitation; give an invite code"))
              : invites.use(invite).map(used -> () -> invites.giveBack(invite));
    };
  }
}
