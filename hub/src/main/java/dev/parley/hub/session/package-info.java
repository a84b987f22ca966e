/**
 * Conversations: what was said in each session of an agent, and the list of sessions.
 *
 * <p>The transcript, {@code <data>/workspace/<tenant>/agents/<agent>/sessions/<sessionId>.jsonl},
 * is the truth: one line per row, only ever appended. The row of a session in Redis (label, counts,
 * last run) is what lists are made of; counts heal with the next row when they were lost. Rows and
 * session rows have the shape of the OpenClaw gateway protocol.
 *
 * <p>Comes in: a {@link dev.parley.hub.tenant.TenantScope} and a {@link
 * dev.parley.hub.session.SessionKey}. {@link dev.parley.hub.session.Sessions} is the door; writing
 * to one session is serialised there, and one hub at a time owns an agent. In memory stays next to
 * nothing, and only of sessions written lately.
 */
@NullMarked
package dev.parley.hub.session;

import org.jspecify.annotations.NullMarked;
