/**
 * The marketplace: tenants publish their agents as listings, others find, install and call them.
 *
 * <p>A listing belongs to its publisher and is stored among its data; installing one makes a
 * channel under the terms of the listing at that moment, signed by both, whose price no later
 * version changes. There is no other record of an install: what is installed is what has a channel.
 *
 * <p>Search is served by an index that each node keeps for itself and brings up to date before it
 * answers, from the platform's order of changes. The index is derived: losing it loses nothing.
 */
@NullMarked
package dev.parley.hub.market;

import org.jspecify.annotations.NullMarked;
