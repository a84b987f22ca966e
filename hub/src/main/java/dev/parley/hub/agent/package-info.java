/**
 * Agents: what they are ({@link dev.parley.hub.agent.AgentDefinition}), where they are now, and the
 * hosted ones themselves. A hosted agent is a verticle that its first message activates and
 * idleness passivates; a remote one is a process that connects over WebSocket.
 *
 * <p>Agents call other agents through the switchboard like everybody else.
 */
@NullMarked
package dev.parley.hub.agent;

import org.jspecify.annotations.NullMarked;
