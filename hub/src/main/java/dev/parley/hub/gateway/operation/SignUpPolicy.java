package dev.parley.hub.gateway.operation;

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
 */
public record SignUpPolicy(Mode mode, Plan plan, Invites invites) {

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

  Future<Admission> admit(@Nullable String invite) {
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
