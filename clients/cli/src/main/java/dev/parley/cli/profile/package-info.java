/**
 * Profiles: where a hub is and the API key to use there, in {@code ~/.config/parley}. The directory
 * is readable by its owner only (700), and so is the file (600) from the moment it exists; one that
 * others can read is not used.
 */
@NullMarked
package dev.parley.cli.profile;

import org.jspecify.annotations.NullMarked;
