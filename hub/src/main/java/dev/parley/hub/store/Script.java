package dev.parley.hub.store;

/**
 * A Lua script of the hub: a file {@code lua/<name>.lua} beside this package whose header says its
 * keys, arguments, result and what it keeps atomic.
 *
 * @param name the file's name without ending
 */
public record Script(String name) {}
