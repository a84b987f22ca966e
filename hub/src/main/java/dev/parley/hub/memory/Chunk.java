package dev.parley.hub.memory;

/**
 * A part of a text that is indexed and found as one.
 *
 * @param number its place, from 0
 * @param startLine from 1
 */
record Chunk(int number, int startLine, int endLine, String text) {}
