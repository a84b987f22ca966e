/**
 * {@code parley chat}: a conversation with an own agent, interactive on a terminal ({@link
 * dev.parley.cli.chat.Conversation}) or one message for scripts. Replies are printed as they
 * stream, between them the tools that the agent uses.
 */
@NullMarked
package dev.parley.cli.chat;

import org.jspecify.annotations.NullMarked;
