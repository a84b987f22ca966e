package dev.parley.hub.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Looks a name up, or reads an address; blocks. */
@FunctionalInterface
interface NameResolver {
  InetAddress[] resolve(String host) throws UnknownHostException;
}
