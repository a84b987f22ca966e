/**
 * The Java SDK. {@link dev.parley.client.ParleyClient} is one logical connection to a hub that
 * survives the loss of its socket: it reconnects, goes on with the event sequence where it was, and
 * sends again what may be sent again. {@link dev.parley.client.ParleyAgent} is the same connection
 * in the role agent: messages come in, replies go out. {@link dev.parley.client.ParleyRest} is one
 * HTTP request per operation, for sign-up and for short programs.
 *
 * <p>Everything is asynchronous and fails with a {@link dev.parley.protocol.error.ParleyException}.
 * Futures complete, and listeners run, on the executor given to the builder; events of one client
 * are delivered one at a time and in order. Every queue has a bound.
 */
@NullMarked
package dev.parley.client;

import org.jspecify.annotations.NullMarked;
