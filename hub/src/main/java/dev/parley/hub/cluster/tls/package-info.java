/**
 * TLS between the nodes of a cluster. Each node shows a certificate and asks for one: the
 * certificate of all nodes, made from the cluster secret, or one of its own from a file. Vert.x
 * does this for the event bus by itself. Hazelcast's community edition does not: {@link
 * dev.parley.hub.cluster.tls.TlsMembers} puts the JDK's TLS engine between its sockets and its
 * protocol, at the place where its commercial edition does the same.
 */
@NullMarked
package dev.parley.hub.cluster.tls;

import org.jspecify.annotations.NullMarked;
