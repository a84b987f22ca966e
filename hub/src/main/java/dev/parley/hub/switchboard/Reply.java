package dev.parley.hub.switchboard;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.RawJson;

/**
 * The answer to a call. It says which message it answers and does not hold it, as it may be kept
 * long after.
 *
 * @param message the id of the message that was answered
 * @param from the agent that answered
 * @param conversation of the message
 * @param millicents what the call cost its payer, model tokens and market price together
 * @param tokens model tokens used to handle it
 */
public record Reply(
    MessageId message,
    AgentAddress from,
    String conversation,
    RawJson payload,
    long millicents,
    long tokens) {}
