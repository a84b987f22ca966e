package dev.parley.hub.schedule;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends the messages of schedules, through the switchboard as everything is sent. */
record Firing(Switchboard switchboard) {

  /**
   * Sends a message of a schedule: from the agent when that has made it, or else from the tenant.
   * It follows from what led to the schedule, or from what is being handled when that chain is
   * longer: a timer makes no chain shorter.
   *
   * @param cause what is being handled that leads to it, or null
   */
  Future<Switchboard.Sent> send(
      TenantId tenant, Schedule schedule, String payload, MessageId id, @Nullable CallCause cause) {
    AgentAddress to = new AgentAddress(tenant, schedule.agent());
    Principal sender =
        (schedule.byAgent() ? HubPrincipals.agent(to) : HubPrincipals.scheduler(tenant))
            .limitedTo(schedule.rights());
    CallOrder order =
        new CallOrder(
            sender,
            null,
            to,
            new RawJson(payload),
            schedule.conversation() == null ? schedule.id() : schedule.conversation(),
            0,
            Kind.SEND,
            cause,
            id,
            schedule.traceparent());
    List<Cause> handled =
        cause == null ? List.of() : switchboard.following(cause.delivery().envelope());
    return switchboard.sendFollowing(
        order, Mail.Priority.NORMAL, longer(handled, schedule.causes()));
  }

  static List<Cause> longer(List<Cause> now, List<Cause> before) {
    return now.size() >= before.size() ? now : before;
  }

  static String sent(long tick, MessageId message) {
    return Json.write(
        Json.object().put("tick", tick).put("status", "sent").put("messageId", message.value()));
  }

  static String failed(long tick, ParleyException why) {
    var outcome = Json.object().put("tick", tick).put("status", "failed");
    outcome.putObject("error").put("code", why.code().wireName()).put("message", why.text());
    return Json.write(outcome);
  }

  static String missed(long tick) {
    return Json.write(Json.object().put("tick", tick).put("status", "missed"));
  }
}
