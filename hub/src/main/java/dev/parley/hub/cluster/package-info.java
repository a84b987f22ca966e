/**
 * What the nodes of a hub tell each other. Today: announcements of changes over Redis
 * publish/subscribe, so that a revocation reaches every node's sockets and caches within a second.
 */
@NullMarked
package dev.parley.hub.cluster;

import org.jspecify.annotations.NullMarked;
