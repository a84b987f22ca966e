/**
 * Holds every request to the contract before anything else looks at it: what comes in are the
 * params of an operation as JSON, what goes out is nothing, or an {@code invalid_request} that
 * names the field.
 *
 * <p>All gateways ask the same {@link dev.parley.hub.contract.RequestValidator}, so a request that
 * is refused on the WebSocket is refused on REST, and code behind the gateways reads params that
 * have the types, lengths and ranges the contract promises.
 */
@NullMarked
package dev.parley.hub.contract;

import org.jspecify.annotations.NullMarked;
