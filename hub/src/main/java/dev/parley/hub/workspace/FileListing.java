package dev.parley.hub.workspace;

import java.util.List;

/**
 * What is in a directory, in the order of paths.
 *
 * @param files those in it, or at any depth below it
 * @param directories the paths of those in it; empty when the files below them are listed
 */
public record FileListing(List<FileEntry> files, List<String> directories) {}
