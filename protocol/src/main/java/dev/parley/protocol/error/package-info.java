/**
 * Everything that can go wrong, as data: one closed set of {@link
 * dev.parley.protocol.error.ErrorCode codes} with their HTTP status, one set of {@link
 * dev.parley.protocol.error.CloseCode reasons to close a socket}, and one exception that carries a
 * code with its details. Nobody matches on message texts.
 */
@NullMarked
package dev.parley.protocol.error;

import org.jspecify.annotations.NullMarked;
