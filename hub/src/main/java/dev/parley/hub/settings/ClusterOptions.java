package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.bool;
import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.oneOf;
import static dev.parley.hub.settings.Catalogue.register;
import static dev.parley.hub.settings.Catalogue.text;

import dev.parley.hub.cluster.ClusterTraffic;
import java.net.URI;
import java.util.List;

/** The settings of a cluster. */
public final class ClusterOptions {
  public static final Setting<Boolean> CLUSTER =
      bool(
          "cluster",
          "false",
          "whether this hub is one node of several on the same --redis; needs a cluster secret");
  public static final Setting<String> HOST =
      text(
          "cluster-host",
          "<address>",
          "127.0.0.1",
          "address of this machine at which the other nodes reach it; only loopback unless"
              + " --cluster-tls protects the traffic");
  public static final Setting<Integer> PORT =
      integer("cluster-port", "<port>", "8421", 1, 65_535, "port for the other nodes");
  public static final Setting<Integer> BUS_PORT =
      integer(
          "cluster-bus-port",
          "<port>",
          "0",
          0,
          65_535,
          "port for the messages of the other nodes; 0 picks a free one");
  public static final Setting<List<String>> MEMBERS =
      register(
          "cluster-members",
          "<host:port,…>",
          "",
          "nodes to look for; the first node may name none",
          Catalogue::list);
  public static final Setting<String> DNS =
      text(
          "cluster-dns",
          "<name>",
          "",
          "full DNS name whose A and AAAA records are the nodes, all on --cluster-port; one that"
              + " begins with _ is looked up as SRV");
  public static final Setting<String> DNS_SERVER =
      text(
          "cluster-dns-server",
          "<host:port>",
          "",
          "DNS server to ask for --cluster-dns; without it the machine's");
  public static final Setting<String> KUBERNETES =
      text(
          "cluster-kubernetes",
          "<namespace/service>",
          "",
          "service of Kubernetes whose endpoints are the nodes, all on --cluster-port");
  public static final Setting<URI> KUBERNETES_API =
      register(
          "cluster-kubernetes-api",
          "<url>",
          "https://kubernetes.default.svc",
          "where --cluster-kubernetes asks",
          URI::create);
  public static final Setting<String> SECRET_FILE =
      text(
          "cluster-secret-file",
          "<file>",
          "",
          "file with the secret that all nodes share; without it PARLEY_CLUSTER_SECRET");
  public static final Setting<ClusterTraffic> TLS =
      oneOf(
          "cluster-tls",
          ClusterTraffic.class,
          "off",
          "how traffic between nodes is authenticated and encrypted: by a key made from the cluster"
              + " secret, by the certificates of --cluster-tls-*-file, or not at all");
  public static final Setting<String> TLS_CERT_FILE =
      text("cluster-tls-cert-file", "<file>", "", "PEM file with this node's certificate chain");
  public static final Setting<String> TLS_KEY_FILE =
      text("cluster-tls-key-file", "<file>", "", "PEM file with the key of this certificate");
  public static final Setting<String> TLS_CA_FILE =
      text(
          "cluster-tls-ca-file",
          "<file>",
          "",
          "PEM file with the authority that certifies the nodes of this cluster and nobody else");

  /** All of them. */
  static final List<Setting<?>> ALL =
      List.of(
          CLUSTER,
          HOST,
          PORT,
          BUS_PORT,
          MEMBERS,
          DNS,
          DNS_SERVER,
          KUBERNETES,
          KUBERNETES_API,
          SECRET_FILE,
          TLS,
          TLS_CERT_FILE,
          TLS_KEY_FILE,
          TLS_CA_FILE);

  private ClusterOptions() {}
}
