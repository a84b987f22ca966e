/**
 * The settings of a hub: one catalogue with name, default, unit and meaning, from which the options
 * of {@code parley serve}, the environment variables and the reference page come.
 */
@NullMarked
package dev.parley.hub.settings;

import org.jspecify.annotations.NullMarked;
