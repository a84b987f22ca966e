/**
 * Conversations: what was said in each session of an agent, and the list of sessions.
 *
 * <p>The transcript is in files {@code
 * <data>/workspace/<tenant>/agents/<agent>/sessions/<sessionId>*.jsonl}: one line per row, only
 * ever appended. The row of a session in Redis (label, counts, last run) is what lists are made of,
 * and says how much of which files counts. Rows and session rows have the shape of the OpenClaw
 * gateway protocol.
 *
 * <p>Comes in: a {@link dev.parley.hub.tenant.TenantScope} and a {@link
 * dev.parley.hub.session.SessionKey}. {@link dev.parley.hub.session.Sessions} is the door; writing
 * to one session is serialised there; between nodes, {@link dev.parley.hub.session.Fencing} and the
 * commit of the row decide. In memory stays next to nothing, and only of sessions written lately.
 */
@NullMarked
package dev.parley.hub.session;

import org.jspecify.annotations.NullMarked;
