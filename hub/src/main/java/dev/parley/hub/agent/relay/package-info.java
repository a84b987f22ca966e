/**
 * The way to agents on other nodes. The node of a remote agent's socket tells the agent's place
 * (the owner of its partition) that it has a link, by a lease that it renews; a caller's node asks
 * the place where the links are, remembers the answer for a while, and sends the message straight
 * to a node that has one. A hosted agent runs at its place. Chunks, reply, failure and cancellation
 * cross the bus as JSON text; what a call may do and who pays for it stays with the node that
 * admitted it.
 */
@NullMarked
package dev.parley.hub.agent.relay;

import org.jspecify.annotations.NullMarked;
