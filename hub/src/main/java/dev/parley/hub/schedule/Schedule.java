package dev.parley.hub.schedule;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.hub.access.Rights;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A schedule without its payload.
 *
 * @param agent that gets the messages
 * @param byAgent whether the agent has made it itself; its messages then come from it
 * @param cron null for a message once
 * @param at when, for a message once
 * @param conversation null for one of its own
 * @param causes of the message whose handling made it, and that message
 * @param rights of those who have made and changed it
 */
record Schedule(
    String id,
    AgentId agent,
    boolean byAgent,
    @Nullable String cron,
    long at,
    String zone,
    @Nullable String conversation,
    MissedPolicy missed,
    boolean enabled,
    long createdAt,
    List<Cause> causes,
    @Nullable String traceparent,
    Rights rights) {

  /** As it is kept; short names because every schedule has one. */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  private record Row(
      @JsonProperty("g") String agent,
      @JsonProperty("b") boolean byAgent,
      @JsonProperty("c") @Nullable String cron,
      @JsonProperty("t") long at,
      @JsonProperty("z") String zone,
      @JsonProperty("v") @Nullable String conversation,
      @JsonProperty("m") String missed,
      @JsonProperty("e") boolean enabled,
      @JsonProperty("a") long createdAt,
      @JsonProperty("k") @Nullable List<Link> causes,
      @JsonProperty("p") @Nullable String traceparent,
      @JsonProperty("r") @Nullable List<String> rights) {}

  private record Link(
      @JsonProperty("m") String message,
      @JsonProperty("h") String handler,
      @JsonProperty("s") boolean sent) {}

  String row() {
    return Json.write(
        new Row(
            agent.value(),
            byAgent,
            cron,
            at,
            zone,
            conversation,
            missed.wireName(),
            enabled,
            createdAt,
            causes.isEmpty()
                ? null
                : causes.stream()
                    .map(c -> new Link(c.message().value(), c.handler().toString(), c.sent()))
                    .toList(),
            traceparent,
            rights.names()));
  }

  static Schedule of(String id, String row) {
    Row read = Json.read(row, Row.class);
    List<Link> links = read.causes == null ? List.of() : read.causes;
    return new Schedule(
        id,
        new AgentId(read.agent),
        read.byAgent,
        read.cron,
        read.at,
        read.zone,
        read.conversation,
        MissedPolicy.of(read.missed),
        read.enabled,
        read.createdAt,
        links.stream()
            .map(
                link ->
                    new Cause(
                        new MessageId(link.message), AgentAddress.parse(link.handler), link.sent))
            .toList(),
        read.traceparent,
        Rights.of(read.rights));
  }

  Timing timing() {
    return cron == null ? new Timing.Once(at) : Timing.cron(cron, zone);
  }

  boolean isOnce() {
    return cron == null;
  }

  /** The id of the message of a tick: however often it is sent, the mailbox takes it once. */
  MessageId messageOf(long tick) {
    return new MessageId(id + "-" + tick);
  }
}
