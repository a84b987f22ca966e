package dev.parley.hub.workspace;

import org.jspecify.annotations.Nullable;

/**
 * What to look for among the files of an agent.
 *
 * @param directory empty for the whole workspace
 * @param text what a line must contain, literally; null to look at names only
 * @param name what a path must be, see {@link NamePattern}; null for any
 * @param limit most matches
 * @param after the path of the file to go on after, or null
 */
public record FileQuery(
    String directory,
    @Nullable String text,
    @Nullable String name,
    boolean ignoreCase,
    int limit,
    @Nullable String after) {}
