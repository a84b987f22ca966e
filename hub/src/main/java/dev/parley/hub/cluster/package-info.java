/**
 * The nodes of a hub: how they find each other, form a cluster and know which node is an agent's
 * place (Hazelcast), and what they tell each other, by messages to one address for each node (the
 * event bus of Vert.x) or by announcements over Redis, so that a revocation reaches every node's
 * sockets and caches within a second. Traffic is protected by {@code cluster.tls}, or stays on
 * loopback addresses.
 */
@NullMarked
package dev.parley.hub.cluster;

import org.jspecify.annotations.NullMarked;
