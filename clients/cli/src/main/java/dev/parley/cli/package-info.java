/** The command {@code parley}: starts a hub, and shows its main job end to end. */
@NullMarked
package dev.parley.cli;

import org.jspecify.annotations.NullMarked;
