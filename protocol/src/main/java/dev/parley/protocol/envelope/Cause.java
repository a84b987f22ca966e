package dev.parley.protocol.envelope;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;

/**
 * One link of a cause chain: the message that made {@code handler} send the next one.
 *
 * @param sent whether it was sent, so that nobody waits for the handler's answer
 */
public record Cause(MessageId message, AgentAddress handler, boolean sent) {}
