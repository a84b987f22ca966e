package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.bool;
import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.list;
import static dev.parley.hub.settings.Catalogue.millis;
import static dev.parley.hub.settings.Catalogue.oneOf;
import static dev.parley.hub.settings.Catalogue.register;
import static dev.parley.hub.settings.Catalogue.text;

import dev.parley.hub.gateway.Origins;
import dev.parley.hub.gateway.operation.SignUpPolicy;
import dev.parley.hub.outbound.OutboundSettings;
import dev.parley.hub.tenant.Plan;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The catalogue of settings. */
public final class HubSettings {
  public static final Setting<String> CONFIG =
      text("config", "<file>", "", "properties file with settings by these names");
  public static final Setting<String> HOST =
      text("host", "<address>", "127.0.0.1", "address to listen on; 0.0.0.0 for all");
  public static final Setting<Integer> PORT =
      integer("port", "<port>", "8420", 0, 65_535, "port to listen on; 0 picks a free one");
  public static final Setting<Path> DATA =
      register(
          "data", "<directory>", "~/.parley", "where everything is kept", HubSettings::directory);

  /** The settings of the store, here in the order of help. */
  public static final List<Setting<?>> REDIS = RedisOptions.ALL;

  /** The settings of a cluster, here in the order of help. */
  public static final List<Setting<?>> CLUSTER = ClusterOptions.ALL;

  public static final Setting<SignUpPolicy.Mode> SIGN_UP =
      oneOf("sign-up", SignUpPolicy.Mode.class, "open", "who may sign up");
  public static final Setting<Plan> PLAN =
      register("plan", "<plan>", "free", "plan of new tenants: free, pro or unmetered", Plan::of);
  public static final Setting<Integer> ADDRESS_SIGN_UPS =
      integer(
          "address-sign-ups-per-hour",
          "<n>",
          "300",
          1,
          1_000_000_000,
          "sign-ups that one client address may try");
  public static final Setting<Integer> SIGN_UPS =
      integer(
          "sign-ups-per-hour",
          "<n>",
          "3000",
          1,
          1_000_000_000,
          "sign-ups that all addresses together may try on this node");
  public static final Setting<Integer> ADDRESS_AUTH_FAILURES =
      integer(
          "address-auth-failures-per-minute",
          "<n>",
          "100",
          1,
          1_000_000_000,
          "wrong API keys that one client address may present");

  /** The settings of tokens beside API keys, here in the order of help. */
  public static final List<Setting<?>> OIDC = OidcOptions.ALL;

  public static final Setting<String> CLIENT_ADDRESS_HEADER =
      text(
          "client-address-header",
          "<name>",
          "",
          "header in which the reverse proxy before the hub writes its client's address, for"
              + " example X-Forwarded-For; set it only if nobody reaches the hub past the proxy");
  public static final Setting<List<String>> ALLOW_ORIGIN =
      register(
          "allow-origin",
          "<origin,…>",
          "",
          "origins of browser pages that may connect beside the hub's own, for example"
              + " https://app.example.com",
          HubSettings::origins);
  public static final Setting<String> DEFAULT_MODEL =
      text(
          "default-model",
          "<provider/model>",
          "offline/parley-1",
          "model of agents that name none");
  public static final Setting<List<String>> PLATFORM_PROVIDERS =
      register(
          "platform-providers",
          "<openai,anthropic,ollama>",
          "",
          "providers whose key in OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL all tenants"
              + " may use",
          Catalogue::list);
  public static final Setting<String> MODEL_PRICES =
      text(
          "model-prices",
          "<provider/model=in:out,…>",
          "",
          "millicents for 1,000 prompt and reply tokens");
  public static final Setting<Boolean> PRIVATE_PROVIDERS =
      bool(
          "private-providers",
          "false",
          "whether tenants may set URLs that lead to private addresses; --outbound-networks names"
              + " some");
  public static final Setting<List<String>> OUTBOUND_NETWORKS =
      register(
          "outbound-networks",
          "<network,…>",
          "",
          "private networks that URLs of tenants may lead to, for example 10.1.0.0/16",
          HubSettings::networks);
  public static final Setting<Integer> OUTBOUND_CONNECTIONS =
      integer(
          "outbound-connections",
          "<n>",
          "256",
          1,
          100_000,
          "connections of this node to one host outside, and as many requests that wait for one");
  public static final Setting<Integer> MAX_OUTPUT_TOKENS =
      integer("max-output-tokens", "<n>", "1024", 1, 1_000_000, "longest reply of a model");
  public static final Setting<Duration> OFFLINE_PACING =
      millis("offline-pacing-ms", "8", 0, 1_000, "pause of the offline model after each word");
  public static final Setting<Duration> CALL_TIMEOUT =
      millis("call-timeout-ms", "60000", 1, 3_600_000, "deadline of a call that does not name one");
  public static final Setting<Integer> MAX_HOPS =
      integer("max-hops", "<n>", "8", 1, 64, "how many calls may wait for one another");
  public static final Setting<Integer> MAX_CHAIN =
      integer(
          "max-chain",
          "<n>",
          "64",
          1,
          256,
          "how many messages may follow from one another, sent ones included");

  /** The settings of the loop breaker, here in the order of help. */
  public static final List<Setting<?>> LOOPS = LoopOptions.ALL;

  /** The settings of memory, here in the order of help. */
  public static final List<Setting<?>> MEMORY = MemoryOptions.ALL;

  /** The settings of plugins, here in the order of help. */
  public static final List<Setting<?>> PLUGINS = PluginOptions.ALL;

  /** The settings of workspace files, here in the order of help. */
  public static final List<Setting<?>> FILES = FileOptions.ALL;

  public static final Setting<Duration> MAIL_WINDOW =
      millis(
          "mail-window-ms",
          "86400000",
          1_000,
          2_592_000_000L,
          "how long an ended message is remembered, so that it can be asked for and is not taken"
              + " twice");
  public static final Setting<Duration> DEAD_LETTER_RETENTION =
      millis(
          "dead-letter-retention-ms",
          "1209600000",
          1_000,
          31_536_000_000L,
          "how long a message that failed or expired is kept for its sender");
  public static final Setting<Duration> MAIL_ACK_TIMEOUT =
      millis(
          "mail-ack-timeout-ms",
          "300000",
          100,
          86_400_000,
          "time an agent gets to handle a sent message before it is delivered again");
  public static final Setting<Integer> MAIL_ATTEMPTS =
      integer(
          "mail-attempts",
          "<n>",
          "8",
          1,
          1_000,
          "how often a sent message is handed to its agent before it has failed");
  public static final Setting<Duration> MAIL_BACK_OFF =
      millis(
          "mail-back-off-ms",
          "1000",
          1,
          3_600_000,
          "pause before a sent message is delivered again; doubles each time, up to 5 minutes");
  public static final Setting<Duration> SCHEDULE_MIN_PERIOD =
      millis(
          "schedule-min-period-ms",
          "60000",
          1_000,
          86_400_000,
          "least time between two messages of a schedule");
  public static final Setting<Duration> SCHEDULE_LATE =
      millis(
          "schedule-late-ms",
          "30000",
          1_000,
          86_400_000,
          "how late a message of a schedule may be before it counts as missed");
  public static final Setting<Integer> ROOM_MAX_ROOMS =
      integer("room-max-rooms", "<n>", "100", 1, 100_000, "open rooms of a tenant");
  public static final Setting<Integer> ROOM_MAX_ELSEWHERE =
      integer(
          "room-max-elsewhere",
          "<n>",
          "1000",
          1,
          10_000,
          "rooms of others that a tenant is in or invited to");
  public static final Setting<Integer> ROOM_MAX_INVITATIONS =
      integer(
          "room-max-invitations",
          "<n>",
          "20",
          1,
          10_000,
          "rooms of one tenant that another is invited to and has not answered");
  public static final Setting<Integer> ROOM_MAX_MEMBERS =
      integer(
          "room-max-members",
          "<n>",
          "1000",
          2,
          10_000,
          "members of a room, and agents that listen in it");
  public static final Setting<Integer> ROOM_HISTORY_MESSAGES =
      integer("room-history-messages", "<n>", "10000", 1, 1_000_000, "messages that a room keeps");
  public static final Setting<Integer> ROOM_HISTORY_BYTES =
      integer(
          "room-history-bytes", "<bytes>", "16777216", 1_024, 1 << 30, "bytes that a room keeps");
  public static final Setting<Duration> ROOM_RETENTION =
      millis(
          "room-retention-ms",
          "1209600000",
          1_000,
          31_536_000_000L,
          "how long messages and closed rooms are kept");
  public static final Setting<Integer> ROOM_MAX_POST =
      integer(
          "room-max-post-bytes",
          "<bytes>",
          "65536",
          1_024,
          1_048_576,
          "longest payload of a message to a room or topic");
  public static final Setting<Integer> ROOM_POSTS =
      integer(
          "room-posts-per-minute",
          "<n>",
          "120",
          1,
          1_000_000,
          "messages that a room takes in a minute if its owner sets nothing else");
  public static final Setting<Integer> ROOM_DELIVERIES =
      integer(
          "room-deliveries-per-day",
          "<n>",
          "10000",
          0,
          1_000_000_000,
          "deliveries of a room to agents in a day if its owner sets nothing else");
  public static final Setting<Integer> MAX_TOPICS =
      integer("max-topics", "<n>", "1000", 1, 100_000, "topics of a tenant");
  public static final Setting<Integer> TOPIC_MAX_SUBSCRIBERS =
      integer(
          "topic-max-subscribers",
          "<n>",
          "1000",
          1,
          10_000,
          "agents that a topic or a broadcast reaches");
  public static final Setting<Integer> MAX_CALLS =
      integer("max-calls", "<n>", "100000", 1, 10_000_000, "calls in flight on this node");
  public static final Setting<Integer> MAX_CONNECTIONS =
      integer("max-connections", "<n>", "100000", 1, 10_000_000, "sockets of this node");
  public static final Setting<Integer> MAX_HANDSHAKES =
      integer(
          "max-handshakes",
          "<n>",
          "5000",
          1,
          10_000_000,
          "sockets of this node that have not authenticated yet");
  public static final Setting<Integer> MAX_ACTIVE_AGENTS =
      integer("max-active-agents", "<n>", "200000", 1, 10_000_000, "hosted agents active at once");
  public static final Setting<Duration> IDLE_TIMEOUT =
      millis(
          "idle-timeout-ms",
          "300000",
          100,
          86_400_000,
          "time without work after which an agent is passivated");
  public static final Setting<Integer> MAX_PAYLOAD =
      integer(
          "max-payload-bytes", "<bytes>", "1048576", 1_024, 26_214_400, "largest WebSocket frame");
  public static final Setting<Integer> MAX_BUFFERED =
      integer(
          "max-buffered-bytes",
          "<bytes>",
          "8388608",
          65_536,
          1 << 30,
          "unread bytes after which a slow client is disconnected");
  public static final Setting<Integer> MAX_IN_FLIGHT =
      integer("max-in-flight", "<n>", "1024", 1, 1_000_000, "requests under way on one connection");
  public static final Setting<Duration> HANDSHAKE_TIMEOUT =
      millis("handshake-timeout-ms", "15000", 100, 600_000, "time a socket gets to authenticate");
  public static final Setting<Duration> HTTP_IDLE_TIMEOUT =
      millis(
          "http-idle-timeout-ms",
          "75000",
          100,
          3_600_000,
          "time an HTTP connection gets to read its answer and to send the next request");
  public static final Setting<Duration> CLOSE_GRACE =
      millis(
          "close-grace-ms",
          "10000",
          100,
          600_000,
          "time a client gets to take notice of a close frame");
  public static final Setting<Duration> DRAIN_TIMEOUT =
      millis(
          "drain-timeout-ms",
          "10000",
          0,
          600_000,
          "time that what is under way gets when the hub stops");
  public static final Setting<Duration> RESUME_WINDOW =
      millis(
          "resume-window-ms",
          "60000",
          0,
          3_600_000,
          "how long the events of a lost connection are kept");
  public static final Setting<Duration> STREAM_RESUME_WINDOW =
      millis(
          "stream-resume-ms",
          "60000",
          0,
          3_600_000,
          "how long a streamed call goes on whose caller is away, and how long its answer is kept");
  public static final Setting<Integer> STREAM_BUFFER =
      integer(
          "stream-buffer-bytes",
          "<bytes>",
          "1048576",
          0,
          64 << 20,
          "how much of one streamed reply is kept for a caller that is away");
  public static final Setting<Integer> STREAM_BUFFERS =
      integer(
          "stream-buffers-bytes",
          "<bytes>",
          "67108864",
          0,
          1 << 30,
          "how much of all streamed replies is kept on this node; a tenant has at most a quarter");
  public static final Setting<Duration> TICK_INTERVAL =
      millis("tick-interval-ms", "30000", 1_000, 600_000, "time between keep-alive events");
  public static final Setting<Integer> EVENT_LOOPS =
      integer("event-loops", "<n>", "0", 0, 1_024, "event loops; 0 for one per processor");

  /** All settings, in the order of help. */
  public static final List<Setting<?>> ALL = Catalogue.all();

  private HubSettings() {}

  private static List<String> origins(String text) {
    List<String> origins = list(text);
    for (String origin : origins) {
      if (!Origins.isOrigin(origin)) {
        throw new IllegalArgumentException("an origin is http(s)://host[:port], nothing else");
      }
    }
    return origins;
  }

  private static List<String> networks(String text) {
    return new OutboundSettings(1, list(text)).networks();
  }

  private static Path directory(String text) {
    return text.equals("~") || text.startsWith("~/")
        ? Path.of(System.getProperty("user.home") + text.substring(1))
        : Path.of(text);
  }
}
