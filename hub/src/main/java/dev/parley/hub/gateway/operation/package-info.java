/**
 * The operations themselves, by feature: each takes validated params from an authorised caller and
 * asks the room whose business it is. No rule of the business lives here.
 */
@NullMarked
package dev.parley.hub.gateway.operation;

import org.jspecify.annotations.NullMarked;
