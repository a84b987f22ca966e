/**
 * What all gateways share: the table of operations. A gateway translates one outside protocol to
 * and from operations and envelopes, and does nothing else; authorisation and validation of
 * operations happen here, once, for all of them.
 */
@NullMarked
package dev.parley.hub.gateway;

import org.jspecify.annotations.NullMarked;
