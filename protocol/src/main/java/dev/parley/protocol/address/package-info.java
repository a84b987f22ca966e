/**
 * Names of the parties on the wire.
 *
 * <p>Every name is lowercase ASCII, validated where it is constructed and never normalised: {@code
 * Acme} and {@code acme} cannot become the same tenant because {@code Acme} is no name at all. A
 * value of one of these types is therefore always safe to use as a path segment, a Redis key part
 * or a metric label.
 */
@NullMarked
package dev.parley.protocol.address;

import org.jspecify.annotations.NullMarked;
