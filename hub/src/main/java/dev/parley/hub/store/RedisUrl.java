package dev.parley.hub.store;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where Redis is: one server, a master found by sentinels, or a cluster. {@link #toString} leaves
 * the credentials out. {@code prefix} is what comes before the host of each of its servers, with
 * credentials.
 */
final class RedisUrl {
  private static final Pattern FORM =
      Pattern.compile(
          "(redis|rediss)(-sentinel|-cluster)?://(?:([^@/]*)@)?([^/?#]+)(?:/([^/?#]*))?(?:/(\\d+))?");
  private static final Pattern HOST_PORT =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::(\\d{1,5}))?");

  private static final Pattern HOST_WITH_PORT = Pattern.compile(":\\d{1,5}$");

  private final RedisClientType type;
  private final List<String> endpoints;
  private final @Nullable String master;
  private final String prefix;
  private final String shown;

  private RedisUrl(
      RedisClientType type,
      List<String> endpoints,
      @Nullable String master,
      String prefix,
      String shown) {
    this.type = type;
    this.endpoints = endpoints;
    this.master = master;
    this.prefix = prefix;
    this.shown = shown;
  }

  /** A server on a Unix socket. */
  static RedisUrl unixSocket(Path socket) {
    return new RedisUrl(
        RedisClientType.STANDALONE,
        List.of("unix://" + socket.toUri().getRawPath()),
        null,
        "",
        "unix:" + socket);
  }

  /**
   * Reads a URL of one of the forms that {@link Stores#open} lists.
   *
   * @throws ParleyException {@code invalid_request}; the message does not repeat the URL, which may
   *     hold a password
   */
  static RedisUrl parse(String url) {
    Matcher form = FORM.matcher(url);
    if (!form.matches()) {
      throw malformed("it has none of the known forms");
    }
    String scheme = form.group(1);
    String kind = form.group(2) == null ? "" : form.group(2);
    String credentials = credentials(form.group(3));
    String path = form.group(5) == null ? "" : form.group(5);
    return switch (kind) {
      case "-sentinel" -> {
        if (path.isEmpty()) {
          throw malformed("a sentinel URL ends with /name-of-the-master");
        }
        String database = form.group(6) == null ? "" : "/" + form.group(6);
        yield of(RedisClientType.SENTINEL, scheme, credentials, form.group(4), database, path);
      }
      case "-cluster" -> {
        if (!path.isEmpty() || form.group(6) != null) {
          throw malformed("a cluster has no databases: nothing may follow the hosts");
        }
        yield of(RedisClientType.CLUSTER, scheme, credentials, form.group(4), "", null);
      }
      default -> {
        if (!path.matches("\\d*") || form.group(6) != null) {
          throw malformed("only the number of a database may follow the host");
        }
        String database = path.isEmpty() ? "" : "/" + path;
        yield of(RedisClientType.STANDALONE, scheme, credentials, form.group(4), database, null);
      }
    };
  }

  private static RedisUrl of(
      RedisClientType type,
      String scheme,
      String credentials,
      String hosts,
      String database,
      @Nullable String master) {
    List<String> endpoints = new ArrayList<>();
    for (String host : hosts.split(",", -1)) {
      Matcher hostPort = HOST_PORT.matcher(host);
      if (!hostPort.matches() || !isPort(hostPort.group(2))) {
        throw malformed("a host is written name or name:port, with a port from 1 to 65535");
      }
      endpoints.add(scheme + "://" + credentials + host + database);
    }
    if (type == RedisClientType.STANDALONE && endpoints.size() > 1) {
      throw malformed("several hosts need redis-sentinel:// or redis-cluster://");
    }
    String kind =
        switch (type) {
          case SENTINEL -> "-sentinel";
          case CLUSTER -> "-cluster";
          default -> "";
        };
    String shown = scheme + kind + "://" + hosts + (master == null ? "" : "/" + master) + database;
    return new RedisUrl(type, List.copyOf(endpoints), master, scheme + "://" + credentials, shown);
  }

  private static boolean isPort(@Nullable String port) {
    return port == null || (Integer.parseInt(port) >= 1 && Integer.parseInt(port) <= 65_535);
  }

  /**
   * Credentials as the client reads them, which takes {@code +} for a space: percent-decoded by RFC
   * 3986 and encoded again as form data.
   */
  private static String credentials(@Nullable String raw) {
    if (raw == null || raw.isEmpty()) {
      return "";
    }
    int colon = raw.indexOf(':');
    String user = colon < 0 ? raw : raw.substring(0, colon);
    String password = colon < 0 ? "" : raw.substring(colon + 1);
    return recode(user) + (colon < 0 ? "" : ":" + recode(password)) + "@";
  }

  private static String recode(String part) {
    try {
      String decoded = java.net.URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
      return URLEncoder.encode(decoded, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw malformed("its user or password is not percent-encoded");
    }
  }

  private static ParleyException malformed(String why) {
    return ParleyException.invalid(
        "redis",
        "cannot read the Redis URL: %s; write redis://host:port, rediss://…,".formatted(why)
            + " redis-sentinel://h1:p,h2:p/master or redis-cluster://h1:p,h2:p");
  }

  boolean isCluster() {
    return type == RedisClientType.CLUSTER;
  }

  /** Whether the master may be another server at the next connection. */
  boolean isSentinel() {
    return type == RedisClientType.SENTINEL;
  }

  /** Host and port of its only server; 6379 when it names no port. */
  String address() {
    String address = endpoints.get(0).substring(prefix.length());
    return HOST_WITH_PORT.matcher(address).find() ? address : address + ":6379";
  }

  /** The nodes of a cluster that it names. */
  List<RedisUrl> nodes() {
    return endpoints.stream().map(endpoint -> node(endpoint.substring(prefix.length()))).toList();
  }

  /**
   * A node of this cluster, reached with the same credentials.
   *
   * @param address host and port
   */
  RedisUrl node(String address) {
    String scheme = prefix.substring(0, prefix.indexOf("://") + 3);
    return new RedisUrl(
        RedisClientType.STANDALONE, List.of(prefix + address), null, prefix, scheme + address);
  }

  RedisOptions options(StoreOptions store) {
    RedisOptions options =
        new RedisOptions()
            .setType(type)
            .setEndpoints(endpoints)
            .setMaxWaitingHandlers(store.maxWaiting() + 64)
            .setMaxPoolSize(4)
            .setPoolCleanerInterval(-1)
            .setNetClientOptions(
                new NetClientOptions()
                    .setTcpNoDelay(true)
                    .setTcpKeepAlive(true)
                    .setConnectTimeout((int) store.commandTimeout().toMillis())
                    .setHostnameVerificationAlgorithm("HTTPS"));
    if (master != null) {
      options.setMasterName(master);
    }
    return options;
  }

  @Override
  public String toString() {
    return shown;
  }
}
