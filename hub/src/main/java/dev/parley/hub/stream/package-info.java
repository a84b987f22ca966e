/**
 * Streamed replies that outlive the socket of their caller. A caller that says how many chunks it
 * takes gets its stream held here: chunks are numbered, those it has not confirmed are kept, and
 * when its socket is lost it comes back by the same key, says what it has seen, and goes on. The
 * answer is kept as long. How much is kept, of one stream, of one tenant, and of all, and for how
 * long, is bounded; what was not kept is told as lost, never left out. Calls go to the {@code
 * switchboard}, which admits and charges them once, however often their callers come back.
 */
@NullMarked
package dev.parley.hub.stream;

import org.jspecify.annotations.NullMarked;
