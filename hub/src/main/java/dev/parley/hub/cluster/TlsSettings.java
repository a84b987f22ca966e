package dev.parley.hub.cluster;

import dev.parley.protocol.error.ParleyException;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the traffic of a cluster is protected.
 *
 * @param traffic the kind of protection
 * @param certFile PEM file with this node's certificate chain; empty without certificates
 * @param keyFile PEM file with its key; empty without certificates
 * @param caFile PEM file with the authority of all nodes; empty without certificates
 */
public record TlsSettings(ClusterTraffic traffic, String certFile, String keyFile, String caFile) {
  /** No protection. */
  public static final TlsSettings OFF = new TlsSettings(ClusterTraffic.OFF, "", "", "");

  /** A key pair made from the cluster secret. */
  public static final TlsSettings SECRET = new TlsSettings(ClusterTraffic.SECRET, "", "", "");

  /**
   * Validates.
   *
   * @throws ParleyException {@code invalid_request} when a file is missing, or given for nothing
   */
  public TlsSettings {
    Map<String, String> files = new TreeMap<>();
    files.put("cluster-tls-cert-file", certFile);
    files.put("cluster-tls-key-file", keyFile);
    files.put("cluster-tls-ca-file", caFile);
    boolean wanted = traffic == ClusterTraffic.CERTIFICATES;
    files.forEach(
        (setting, file) -> {
          if (wanted && file.isEmpty()) {
            throw ParleyException.invalid(
                setting, "--cluster-tls certificates needs --%s <file>".formatted(setting));
          }
          if (!wanted && !file.isEmpty()) {
            throw ParleyException.invalid(
                setting, "--%s serves --cluster-tls certificates only; add it".formatted(setting));
          }
        });
  }
}
