/**
 * Durable mailboxes. A sent message that was admitted lies in a Redis stream of its agent, under
 * the receiving tenant's keys, until the agent has handled it: at least once, in order within a
 * conversation, conversations side by side, by priority. What happens is decided by the scripts
 * {@code mail-*.lua}; this side only holds what is with an agent at the moment, so that a hub that
 * dies loses nothing and its successor goes on where it stood. The layout is described in {@code
 * docs/decisions/0005-durable-mailboxes.md}.
 */
@NullMarked
package dev.parley.hub.mailbox;

import org.jspecify.annotations.NullMarked;
