/**
 * The hub: {@link dev.parley.hub.Hub} puts the rooms together, top to bottom, and starts and stops
 * them. A message walks gateway → access → switchboard → agent and back.
 */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
