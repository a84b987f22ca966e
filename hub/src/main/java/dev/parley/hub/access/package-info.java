/**
 * Who are you, and what may you do: turns a credential into a {@link
 * dev.parley.hub.access.Principal}, and holds the one table of roles and permissions.
 *
 * <p>Nothing else in the hub authenticates, and nothing that a client says about itself counts.
 */
@NullMarked
package dev.parley.hub.access;

import org.jspecify.annotations.NullMarked;
