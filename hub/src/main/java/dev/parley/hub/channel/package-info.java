/**
 * Consent between tenants: who may call whose agent, for how long, how much, at what price and who
 * pays. Default deny: without a channel that both tenants have signed there is no way across.
 *
 * <p>Comes in: proposals, acceptances and revocations of principals whose permission the gateway
 * has checked. Goes out: a {@link dev.parley.hub.channel.Permit} for each call between tenants.
 *
 * <p>Each tenant keeps its own signed copy of a channel among its own data, so that nothing needs
 * to be atomic across tenants: a channel is active exactly while both copies are signed, carry the
 * same terms, neither is revoked, and it has not expired. Whatever a crash leaves between the two
 * writes is therefore inactive, and completed or swept later.
 */
@NullMarked
package dev.parley.hub.channel;

import org.jspecify.annotations.NullMarked;
