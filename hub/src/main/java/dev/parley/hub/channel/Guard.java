package dev.parley.hub.channel;

import dev.parley.hub.store.Key;

/**
 * A condition that is checked in the same atomic step as the seller's signature: a field of a hash
 * among the seller's own data still has the value that the terms were made from.
 */
public record Guard(Key hash, String field, String expected) {}
