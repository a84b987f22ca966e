/**
 * The only way to reach an agent. Every gateway and every agent's own tools come here with a {@link
 * dev.parley.hub.switchboard.CallOrder}; here, and nowhere else, it is decided whether the caller
 * may talk to the agent (channel), whether its tenant can pay (quota), and whether the chain of
 * calls is sound (loop guard). What is admitted becomes a {@link
 * dev.parley.hub.switchboard.Delivery} at the agent's {@link dev.parley.hub.switchboard.Endpoint},
 * and ends exactly once: replied, failed, cancelled or past its deadline. Deny by default.
 */
@NullMarked
package dev.parley.hub.switchboard;

import org.jspecify.annotations.NullMarked;
