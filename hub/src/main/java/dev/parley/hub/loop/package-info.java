/**
 * The loop breaker: stops agents that keep each other busy without getting anywhere. Every message
 * of an agent to an agent that is about to be admitted comes in as a {@link
 * dev.parley.hub.loop.Passage}; it goes on, or is refused with {@code loop_detected}. What is
 * watched are the edges of the graph of who calls whom: rings of edges on which nothing new is
 * said, what one message leads to, chains that were refused, and what an edge costs a minute. A
 * finding opens one edge: its messages are refused for a pause, then a few are let through, and
 * what they are like decides. All of it is in memory, bounded, and of the messages that this node
 * admits; other nodes hear of an opened edge by announcement.
 */
@NullMarked
package dev.parley.hub.loop;

import org.jspecify.annotations.NullMarked;
