/**
 * Redis: the connection, the Lua scripts, and the server that the hub starts itself by default.
 *
 * <p>Comes in: {@link dev.parley.hub.store.Key keys}, which only a {@link
 * dev.parley.hub.store.Keyspace} can make and which therefore belong to exactly one tenant or to
 * the platform. Goes out: futures of plain values. No Redis type leaves this package.
 */
@NullMarked
package dev.parley.hub.store;

import org.jspecify.annotations.NullMarked;
