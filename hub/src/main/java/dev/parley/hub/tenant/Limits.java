package dev.parley.hub.tenant;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a tenant, all of them sums over its agents. 0 permits nothing. In a plan every
 * limit is set; in an override a null keeps the plan's.
 *
 * @param messagesPerSecond messages to agents, refill of the token bucket
 * @param burst size of the token bucket
 * @param tokensPerDay model tokens, prompt and reply, per UTC day
 * @param tokensPerMonth the same per UTC month
 * @param millicentsPerDay money per UTC day, 1 cent = 1000 millicents
 * @param millicentsPerMonth the same per UTC month
 * @param concurrentCalls calls in flight on one node
 * @param agents agents defined
 * @param connections sockets on one node
 * @param channels channels proposed or active
 * @param listings listings published
 * @param keys API keys not revoked
 * @param mailbox messages that wait for its agents or are being handled by them
 * @param mailboxBytes what these messages may take, and its dead letters once more
 * @param deadLetters messages it has sent that failed or expired and are kept
 * @param schedules schedules made
 * @param memoryDocuments documents of memory
 * @param memoryBytes what their texts may take
 * @param fileBytes bytes in files of workspaces
 * @param files files in workspaces
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Limits(
    @Nullable Long messagesPerSecond,
    @Nullable Long burst,
    @Nullable Long tokensPerDay,
    @Nullable Long tokensPerMonth,
    @Nullable Long millicentsPerDay,
    @Nullable Long millicentsPerMonth,
    @Nullable Long concurrentCalls,
    @Nullable Long agents,
    @Nullable Long connections,
    @Nullable Long channels,
    @Nullable Long listings,
    @Nullable Long keys,
    @Nullable Long mailbox,
    @Nullable Long mailboxBytes,
    @Nullable Long deadLetters,
    @Nullable Long schedules,
    @Nullable Long memoryDocuments,
    @Nullable Long memoryBytes,
    @Nullable Long fileBytes,
    @Nullable Long files) {

  /** No override at all. */
  public static final Limits NONE =
      new Limits(
          null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
          null, null, null, null, null);

  /** These limits, with every limit that {@code override} sets replaced. */
  public Limits with(Limits override) {
    return new Limits(
        either(override.messagesPerSecond, messagesPerSecond),
        either(override.burst, burst),
        either(override.tokensPerDay, tokensPerDay),
        either(override.tokensPerMonth, tokensPerMonth),
        either(override.millicentsPerDay, millicentsPerDay),
        either(override.millicentsPerMonth, millicentsPerMonth),
        either(override.concurrentCalls, concurrentCalls),
        either(override.agents, agents),
        either(override.connections, connections),
        either(override.channels, channels),
        either(override.listings, listings),
        either(override.keys, keys),
        either(override.mailbox, mailbox),
        either(override.mailboxBytes, mailboxBytes),
        either(override.deadLetters, deadLetters),
        either(override.schedules, schedules),
        either(override.memoryDocuments, memoryDocuments),
        either(override.memoryBytes, memoryBytes),
        either(override.fileBytes, fileBytes),
        either(override.files, files));
  }

  /** The value of a limit, 0 (nothing permitted) when it is not set anywhere. */
  public static long value(@Nullable Long limit) {
    return limit == null ? 0 : limit;
  }

  private static @Nullable Long either(@Nullable Long override, @Nullable Long plan) {
    return override == null ? plan : override;
  }
}
