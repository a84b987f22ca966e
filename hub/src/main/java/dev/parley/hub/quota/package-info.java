/**
 * Limits and books. A limit belongs to a tenant, never to an agent alone; Redis holds the truth,
 * and leases give it the speed of memory.
 *
 * <ul>
 *   <li>{@link dev.parley.hub.quota.RateLimits} messages per second of a tenant, {@link
 *       dev.parley.hub.quota.ChannelRates} calls per minute of a channel: {@code admit} before
 *       each;
 *   <li>{@link dev.parley.hub.quota.Concurrency} calls in flight on this node: {@code acquire}, and
 *       close what it returns;
 *   <li>{@link dev.parley.hub.quota.Budgets} tokens and money by UTC day and month: {@code reserve}
 *       the worst case before a model runs, {@code settle} or {@code release} after;
 *   <li>{@link dev.parley.hub.quota.Ledger} {@code count}s calls, and {@code report}s usage by day,
 *       agent and channel;
 *   <li>{@link dev.parley.hub.quota.Sales} carries what a buyer paid to the seller's books.
 * </ul>
 *
 * <p>Comes in: a {@code TenantScope} and the {@code Limits} in force, anew with each request, so
 * that a change applies at once. Goes out: permission, or a refusal that names the limit, its
 * owner, used and max, and when it resets. A tenant that used nothing has no key here, and one that
 * stopped keeps only the books of the days it was active on.
 */
@NullMarked
package dev.parley.hub.quota;

import org.jspecify.annotations.NullMarked;
