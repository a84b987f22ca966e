package dev.parley.hub.room;

import java.time.Duration;

/**
 * Bounds of rooms and topics.
 *
 * @param maxRooms open rooms of a tenant
 * @param maxElsewhere rooms of others that a tenant is in or invited to
 * @param maxInvitations those of one owner that a tenant is invited to and has not answered
 * @param maxMembers parties of a room, invited ones included, and agents that listen in it
 * @param historyMessages messages that a room keeps
 * @param historyBytes bytes that a room keeps
 * @param retention how long messages and closed rooms are kept, and ids of posts remembered
 * @param maxPostBytes longest payload of a post
 * @param postsPerMinute of a room whose owner sets nothing
 * @param deliveriesPerDay of a room whose owner sets nothing
 * @param maxTopics topics of a tenant
 * @param maxSubscribers agents of a topic, and of a broadcast
 */
public record RoomSettings(
    int maxRooms,
    int maxElsewhere,
    int maxInvitations,
    int maxMembers,
    int historyMessages,
    int historyBytes,
    Duration retention,
    int maxPostBytes,
    int postsPerMinute,
    int deliveriesPerDay,
    int maxTopics,
    int maxSubscribers) {}
