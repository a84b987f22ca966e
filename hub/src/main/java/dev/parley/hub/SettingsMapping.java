package dev.parley.hub;

import dev.parley.hub.access.AttemptLimit;
import dev.parley.hub.agent.HostedSettings;
import dev.parley.hub.cluster.ClusterSettings;
import dev.parley.hub.cluster.Discovery;
import dev.parley.hub.cluster.TlsSettings;
import dev.parley.hub.gateway.Origins;
import dev.parley.hub.gateway.ws.WsSettings;
import dev.parley.hub.loop.LoopSettings;
import dev.parley.hub.mailbox.MailSettings;
import dev.parley.hub.memory.MemorySettings;
import dev.parley.hub.model.ModelPrices;
import dev.parley.hub.model.ModelSettings;
import dev.parley.hub.model.Vendor;
import dev.parley.hub.outbound.OutboundSettings;
import dev.parley.hub.plugin.PluginSettings;
import dev.parley.hub.room.RoomSettings;
import dev.parley.hub.schedule.ScheduleSettings;
import dev.parley.hub.settings.ClusterOptions;
import dev.parley.hub.settings.FileOptions;
import dev.parley.hub.settings.HubSettings;
import dev.parley.hub.settings.LoopOptions;
import dev.parley.hub.settings.MemoryOptions;
import dev.parley.hub.settings.PluginOptions;
import dev.parley.hub.settings.RedisOptions;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.StoreOptions;
import dev.parley.hub.stream.StreamSettings;
import dev.parley.hub.switchboard.SwitchboardSettings;
import dev.parley.hub.workspace.WorkspaceSettings;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The settings of each room, from the catalogue. */
final class SettingsMapping {
  /** Messages that wait for one remote agent while its windows are full. */
  static final int MAX_WAITING_PER_AGENT = 1_000;

  /** How long reserved tokens and money are held for work that never reports back. */
  static final Duration HOLD_TIME = Duration.ofHours(2);

  /** Every node has noticed a suspension by then, and has written what it counted before. */
  static final long SETTLES_WITHIN_MS = 1_500;

  private SettingsMapping() {}

  static StoreOptions store(Settings settings) {
    StoreOptions options =
        StoreOptions.defaults(settings.get(HubSettings.DATA))
            .withFsync(settings.get(RedisOptions.FSYNC))
            .withCommandTimeout(settings.get(RedisOptions.TIMEOUT));
    String url = settings.get(RedisOptions.URL);
    String program = settings.get(RedisOptions.SERVER);
    int replicas = settings.get(RedisOptions.REPLICAS);
    options = url.isEmpty() ? options : options.withRedisUrl(url);
    options =
        replicas == 0
            ? options
            : options.withReplicas(replicas, settings.get(RedisOptions.REPLICA_TIMEOUT));
    return program.isEmpty() ? options : options.withRedisServer(Path.of(program));
  }

  /** How this node joins a cluster; empty for a hub on its own. */
  static Optional<ClusterSettings> cluster(Settings settings, Map<String, String> environment) {
    if (!settings.get(ClusterOptions.CLUSTER)) {
      return Optional.empty();
    }
    if (settings.get(RedisOptions.URL).isEmpty()) {
      throw ParleyException.invalid(
          RedisOptions.URL.name(),
          "--cluster needs a Redis that all nodes reach: --redis redis://…; the hub's own redis-server"
              + " serves one node");
    }
    return Optional.of(
        new ClusterSettings(
            settings.get(ClusterOptions.HOST),
            settings.get(ClusterOptions.PORT),
            settings.get(ClusterOptions.BUS_PORT),
            discovery(settings),
            clusterSecret(settings.get(ClusterOptions.SECRET_FILE), environment),
            new TlsSettings(
                settings.get(ClusterOptions.TLS),
                settings.get(ClusterOptions.TLS_CERT_FILE),
                settings.get(ClusterOptions.TLS_KEY_FILE),
                settings.get(ClusterOptions.TLS_CA_FILE))));
  }

  private static Discovery discovery(Settings settings) {
    List<String> members = settings.get(ClusterOptions.MEMBERS);
    String dns = settings.get(ClusterOptions.DNS);
    String kubernetes = settings.get(ClusterOptions.KUBERNETES);
    boolean several =
        Stream.of(!members.isEmpty(), !dns.isEmpty(), !kubernetes.isEmpty())
                .filter(given -> given)
                .count()
            > 1;
    if (several) {
      throw ParleyException.invalid(
          ClusterOptions.MEMBERS.name(),
          "give one of --cluster-members, --cluster-dns and --cluster-kubernetes");
    }
    if (!dns.isEmpty()) {
      return new Discovery.Dns(dns, settings.get(ClusterOptions.DNS_SERVER));
    }
    return kubernetes.isEmpty()
        ? new Discovery.Listed(members)
        : Discovery.Kubernetes.parse(kubernetes, settings.get(ClusterOptions.KUBERNETES_API));
  }

  private static String clusterSecret(String file, Map<String, String> environment) {
    String given = environment.getOrDefault("PARLEY_CLUSTER_SECRET", "");
    if (file.isEmpty() && given.isEmpty()) {
      throw ParleyException.invalid(
          ClusterOptions.SECRET_FILE.name(),
          "--cluster needs a secret that all nodes share: --cluster-secret-file <file>, or"
              + " PARLEY_CLUSTER_SECRET; make one with: openssl rand -hex 32");
    }
    if (file.isEmpty()) {
      return given.strip();
    }
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      throw ParleyException.invalid(
          ClusterOptions.SECRET_FILE.name(),
          "--cluster-secret-file %s cannot be read: %s".formatted(file, e));
    }
  }

  static WorkspaceSettings workspaces(Settings settings) {
    return WorkspaceSettings.DEFAULTS.withTransfers(
        settings.get(FileOptions.MAX_BYTES),
        settings.get(FileOptions.TRANSFERS),
        settings.get(FileOptions.TENANT_TRANSFERS));
  }

  static SwitchboardSettings switchboard(Settings settings) {
    SwitchboardSettings defaults = SwitchboardSettings.defaults();
    return new SwitchboardSettings(
        settings.get(HubSettings.CALL_TIMEOUT),
        defaults.maxTimeout(),
        defaults.defaultTtl(),
        settings.get(HubSettings.MAX_HOPS),
        settings.get(HubSettings.MAX_CHAIN),
        settings.get(HubSettings.MAX_CALLS));
  }

  static LoopSettings loops(Settings settings) {
    return new LoopSettings(
        settings.get(LoopOptions.REPEATS),
        settings.get(LoopOptions.WINDOW),
        settings.get(LoopOptions.FAN_OUT),
        settings.get(LoopOptions.CHAIN_MESSAGES),
        settings.get(LoopOptions.REFUSALS),
        settings.get(LoopOptions.SPEND),
        settings.get(LoopOptions.PAUSE),
        settings.get(LoopOptions.MAX_PAUSE),
        settings.get(LoopOptions.PROBES),
        settings.get(LoopOptions.MAX_EDGES),
        settings.get(LoopOptions.MAX_TENANT_EDGES));
  }

  static MailSettings mail(Settings settings) {
    return new MailSettings(
        settings.get(HubSettings.MAIL_WINDOW),
        settings.get(HubSettings.MAIL_ACK_TIMEOUT),
        settings.get(HubSettings.MAIL_ATTEMPTS),
        settings.get(HubSettings.MAIL_BACK_OFF),
        settings.get(HubSettings.DEAD_LETTER_RETENTION));
  }

  static ScheduleSettings schedules(Settings settings) {
    return new ScheduleSettings(
        settings.get(HubSettings.SCHEDULE_MIN_PERIOD), settings.get(HubSettings.SCHEDULE_LATE));
  }

  static PluginSettings plugins(Settings settings) {
    return new PluginSettings(
        settings.get(PluginOptions.WORKERS),
        settings.get(PluginOptions.CPU),
        settings.get(PluginOptions.TIMEOUT),
        settings.get(PluginOptions.MEMORY_PAGES),
        settings.get(PluginOptions.MODULE_BYTES),
        settings.get(PluginOptions.PAYLOAD_BYTES),
        settings.get(PluginOptions.STATE_KEYS),
        settings.get(PluginOptions.STATE_BYTES),
        settings.get(PluginOptions.MAX_INSTALLED),
        settings.get(PluginOptions.MAX_ENABLED),
        settings.get(PluginOptions.MAX_WAITING));
  }

  static RoomSettings rooms(Settings settings) {
    return new RoomSettings(
        settings.get(HubSettings.ROOM_MAX_ROOMS),
        settings.get(HubSettings.ROOM_MAX_ELSEWHERE),
        settings.get(HubSettings.ROOM_MAX_INVITATIONS),
        settings.get(HubSettings.ROOM_MAX_MEMBERS),
        settings.get(HubSettings.ROOM_HISTORY_MESSAGES),
        settings.get(HubSettings.ROOM_HISTORY_BYTES),
        settings.get(HubSettings.ROOM_RETENTION),
        settings.get(HubSettings.ROOM_MAX_POST),
        settings.get(HubSettings.ROOM_POSTS),
        settings.get(HubSettings.ROOM_DELIVERIES),
        settings.get(HubSettings.MAX_TOPICS),
        settings.get(HubSettings.TOPIC_MAX_SUBSCRIBERS));
  }

  static HostedSettings hosted(Settings settings) {
    HostedSettings defaults = HostedSettings.defaults();
    return new HostedSettings(
        settings.get(HubSettings.MAX_ACTIVE_AGENTS),
        settings.get(HubSettings.IDLE_TIMEOUT),
        defaults.maxConcurrentRuns(),
        defaults.maxWaiting(),
        defaults.maxToolRounds(),
        defaults.contextRows(),
        defaults.contextChars(),
        defaults.promptFileChars());
  }

  static WsSettings webSockets(Settings settings) {
    WsSettings defaults = WsSettings.defaults();
    return new WsSettings(
        settings.get(HubSettings.MAX_PAYLOAD),
        defaults.maxHandshakeBytes(),
        settings.get(HubSettings.MAX_BUFFERED),
        settings.get(HubSettings.MAX_IN_FLIGHT),
        settings.get(HubSettings.HANDSHAKE_TIMEOUT),
        settings.get(HubSettings.CLOSE_GRACE),
        settings.get(HubSettings.TICK_INTERVAL),
        settings.get(HubSettings.RESUME_WINDOW),
        defaults.resumeEvents(),
        defaults.resumeBytes(),
        settings.get(HubSettings.MAX_CONNECTIONS),
        settings.get(HubSettings.MAX_HANDSHAKES),
        new StreamSettings(
            settings.get(HubSettings.STREAM_RESUME_WINDOW),
            settings.get(HubSettings.STREAM_BUFFER),
            settings.get(HubSettings.STREAM_BUFFERS)));
  }

  static Origins origins(Settings settings) {
    return new Origins(settings.get(HubSettings.ALLOW_ORIGIN), settings.get(HubSettings.HOST));
  }

  static AttemptLimit signUpsPerAddress(Settings settings) {
    int attempts = settings.get(HubSettings.ADDRESS_SIGN_UPS);
    return new AttemptLimit(
        new AttemptLimit.Rate("sign-ups", "address_sign_ups", attempts, Duration.ofHours(1)));
  }

  static AttemptLimit signUps(Settings settings) {
    int attempts = settings.get(HubSettings.SIGN_UPS);
    return new AttemptLimit(
        new AttemptLimit.Rate("sign-ups", "sign_ups", attempts, Duration.ofHours(1)));
  }

  static AttemptLimit authFailures(Settings settings) {
    int attempts = settings.get(HubSettings.ADDRESS_AUTH_FAILURES);
    return new AttemptLimit(
        new AttemptLimit.Rate(
            "wrong API keys", "address_auth_failures", attempts, Duration.ofMinutes(1)));
  }

  static ModelSettings models(Settings settings, Map<String, String> environment) {
    Set<Vendor> enabled = EnumSet.noneOf(Vendor.class);
    settings.get(HubSettings.PLATFORM_PROVIDERS).forEach(name -> enabled.add(Vendor.of(name)));
    ModelSettings defaults = ModelSettings.defaults();
    return new ModelSettings(
            settings.get(HubSettings.DEFAULT_MODEL),
            defaults.platform(),
            defaults.requestTimeout(),
            settings.get(HubSettings.MAX_OUTPUT_TOKENS),
            defaults.attempts(),
            settings.get(HubSettings.OFFLINE_PACING))
        .withPlatformKeys(enabled, environment);
  }

  static MemorySettings memory(Settings settings, Path data) {
    String directory = settings.get(MemoryOptions.INDEX_DIRECTORY);
    Path own = settings.get(ClusterOptions.CLUSTER) ? null : data.resolve("memory-index");
    return MemorySettings.of(
        directory.isEmpty() ? own : Path.of(directory),
        settings.get(MemoryOptions.MAX_DOCUMENT),
        settings.get(MemoryOptions.MAX_OPEN),
        settings.get(MemoryOptions.IDLE));
  }

  static OutboundSettings outbound(Settings settings) {
    boolean anywhere = settings.get(HubSettings.PRIVATE_PROVIDERS);
    return new OutboundSettings(
        settings.get(HubSettings.OUTBOUND_CONNECTIONS),
        anywhere ? OutboundSettings.EVERYWHERE : settings.get(HubSettings.OUTBOUND_NETWORKS));
  }

  static ModelPrices prices(Settings settings) {
    String prices = settings.get(HubSettings.MODEL_PRICES);
    ModelPrices table = ModelPrices.defaults();
    return prices.isBlank() ? table : table.with(prices);
  }
}
