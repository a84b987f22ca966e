/**
 * Chat: people talking with agents of their own tenant. A message becomes a run; who watches the
 * tenant sees it through a {@link dev.parley.hub.agent.RunListener}. Hosted agents keep their own
 * transcripts; those of remote agents are kept here.
 */
@NullMarked
package dev.parley.hub.chat;

import org.jspecify.annotations.NullMarked;
