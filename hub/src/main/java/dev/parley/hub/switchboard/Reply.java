package dev.parley.hub.switchboard;

import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;

/**
 * The answer to a call.
 *
 * @param request the message that was answered
 * @param millicents what the call cost its payer, model tokens and market price together
 * @param tokens model tokens used to handle it
 */
public record Reply(Envelope request, RawJson payload, long millicents, long tokens) {}
