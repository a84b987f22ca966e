package dev.parley.hub.cluster;

/** How traffic between nodes is authenticated and encrypted. */
public enum ClusterTraffic {
  /** Not encrypted: only between loopback addresses. */
  OFF,

  /** Mutual TLS with a key pair that every node makes from the cluster secret. */
  SECRET,

  /** Mutual TLS with certificates from files. */
  CERTIFICATES
}
