/**
 * Group conversations and topics. A room belongs to one tenant; its members, of several tenants,
 * its history and its budget lie under that tenant's keys and are changed by the scripts {@code
 * room-*.lua} alone, so that who is removed is out at once on every node. A post is written down
 * once, numbered, and given to the agents that want it: those it mentions, those that listen to all
 * or to its tags; others read the history, by themselves or when a digest calls them. Every
 * delivery goes through the {@code Switchboard} as a message of its sender, so that channels,
 * quotas and the loop breaker see it. A {@code topic} is the smaller thing: names inside a tenant
 * with agents that get what is published. Why so: {@code docs/decisions/0010-rooms.md}.
 */
@NullMarked
package dev.parley.hub.room;

import org.jspecify.annotations.NullMarked;
