/**
 * The REST gateway: every operation of the contract that has a route, and the health, metrics and
 * document endpoints. A request becomes params (path, query and body together) and goes through the
 * same table of operations as a WebSocket request.
 */
@NullMarked
package dev.parley.hub.gateway.rest;

import org.jspecify.annotations.NullMarked;
