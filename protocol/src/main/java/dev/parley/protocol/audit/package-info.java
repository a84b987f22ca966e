/** The hash chain of an audit log, for the hub that writes it and everybody who verifies it. */
@NullMarked
package dev.parley.protocol.audit;

import org.jspecify.annotations.NullMarked;
