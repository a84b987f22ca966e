package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Interner;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Scope;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.hub.gateway.ws.WsSession.ClientIdentity;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The {@code connect} request: negotiates the version, authenticates the key, gives the connection
 * no more rights than it asked for, and answers {@code hello-ok}.
 */
final class Handshake {
  private static final int DEFAULT_WINDOW = 256;
  private static final int MIN_PROBE_PROTOCOL = 3;

  /** Says that {@code models.list} takes the params of the OpenClaw client's model lists. */
  private static final String MODEL_CATALOG = "published-model-catalog";

  /** A connection that was let in. */
  record Accepted(WsSession session, ObjectNode hello, long seq) {}

  private final Interner<String> words = Interner.newWeakInterner();
  private final WsGateway gateway;
  private final RequestValidator validator;
  private final Authenticator authenticator;
  private final TenantScopes scopes;
  private final Agents agents;
  private final RemoteAgents remoteAgents;
  private final Switchboard switchboard;

  Handshake(
      WsGateway gateway,
      RequestValidator validator,
      Authenticator authenticator,
      TenantScopes scopes,
      Agents agents,
      RemoteAgents remoteAgents,
      Switchboard switchboard) {
    this.gateway = gateway;
    this.validator = validator;
    this.authenticator = authenticator;
    this.scopes = scopes;
    this.agents = agents;
    this.remoteAgents = remoteAgents;
    this.switchboard = switchboard;
  }

  Future<Accepted> connect(WsConnection connection, @Nullable RawJson params) {
    JsonNode json;
    try {
      json = Json.parseObject("params", params == null ? "{}" : params.text());
      validator.validate("connect", json);
      requireVersion(json.path("minProtocol").asInt(), json.path("maxProtocol").asInt());
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return authenticator
        .authenticate(presentedKey(json.path("auth")), connection.address())
        .compose(principal -> gateway.admit(connection, principal).map(principal))
        .compose(principal -> open(connection, principal, json));
  }

  /** The code to close with after a refused handshake. */
  static CloseCode closeCode(ParleyException failure) {
    if ("PROTOCOL_MISMATCH".equals(failure.details().get(ParleyException.DETAIL_CODE))) {
      return CloseCode.PROTOCOL_ERROR;
    }
    return failure.code() == ErrorCode.UNAVAILABLE || failure.code() == ErrorCode.RATE_LIMITED
        ? CloseCode.TRY_AGAIN_LATER
        : CloseCode.POLICY_VIOLATION;
  }

  private Future<Accepted> open(WsConnection connection, Principal principal, JsonNode json) {
    return switch (json.path("role").asText("operator")) {
      case "operator" ->
          Future.succeededFuture(
              accept(connection, narrowed(principal, json.path("scopes")), null, json));
      case "agent" ->
          agentOf(principal, json)
              .map(agent -> accept(connection, principal.actingAs(agent), agent, json));
      default ->
          Future.failedFuture(ParleyException.invalid("role", "role must be operator or agent"));
    };
  }

  private static Principal narrowed(Principal principal, JsonNode asked) {
    if (!asked.isArray() || asked.isEmpty()) {
      return principal;
    }
    List<String> names = new ArrayList<>();
    asked.forEach(name -> names.add(name.asText()));
    return principal.narrowedTo(Scope.of(names));
  }

  private Future<AgentId> agentOf(Principal principal, JsonNode json) {
    principal.require(Permission.AGENTS_CONNECT);
    AgentId bound = principal.agent();
    AgentId asked = json.hasNonNull("agent") ? new AgentId(json.get("agent").asText()) : bound;
    if (asked == null) {
      throw ParleyException.invalid(
          "agent", "role agent needs the id of the agent in params.agent");
    }
    if (bound != null && !bound.equals(asked)) {
      throw new ParleyException(
          ErrorCode.FORBIDDEN, "this key is for the agent " + bound + ", not for " + asked);
    }
    return agents
        .get(scopes.of(principal), asked)
        .map(
            definition -> {
              if (definition.kind() != AgentDefinition.Kind.REMOTE) {
                throw new ParleyException(
                    ErrorCode.CONFLICT,
                    "agent %s is hosted by the hub; connect a remote one (parley agents create --remote)"
                        .formatted(asked));
              }
              return asked;
            });
  }

  private Accepted accept(
      WsConnection connection, Principal principal, @Nullable AgentId agent, JsonNode json) {
    TenantScope scope = scopes.of(principal);
    JsonNode client = json.path("client");
    boolean toolEvents = false;
    for (JsonNode cap : json.path("caps")) {
      toolEvents |= cap.asText().equals("tool-events");
    }
    ClientIdentity identity =
        new ClientIdentity(
            shared(client.path("id")),
            shared(client.path("mode")),
            shared(client.path("version")),
            shared(client.path("platform")),
            client.path("displayName").asText(),
            client.path("instanceId").asText(),
            toolEvents,
            gateway.now());
    Resumption resumption = gateway.resumption();
    Resumption.Resumed resumed =
        agent == null ? resumption.resume(json.path("resume"), principal) : resumption.never();
    WsStreams streams = new WsStreams(connection, principal, gateway.streams(), agent == null);
    WsCalls calls = new WsCalls(connection, principal, switchboard, streams);
    WsAgentLink link = null;
    if (agent != null) {
      AgentAddress address = new AgentAddress(principal.tenant(), agent);
      int window = json.path("window").asInt(DEFAULT_WINDOW);
      link = new WsAgentLink(connection, address, window, remoteAgents);
      calls.madeBy(link);
    }
    WsSession session = new WsSession(principal, scope, identity, resumed.log(), calls, link);
    calls.sendEventsBy(session::sendEvent);
    if (resumed.before() != null) {
      session.goOnFrom(resumed.before());
    }
    return new Accepted(session, hello(connection, session, resumed.successful()), resumed.seq());
  }

  /** What many clients say in the same words is kept once. */
  private String shared(JsonNode text) {
    return words.intern(text.asText());
  }

  private ObjectNode hello(WsConnection connection, WsSession session, boolean resumed) {
    Principal principal = session.principal();
    ObjectNode hello = Json.object().put("type", "hello-ok").put("protocol", Frame.WIRE_VERSION);
    hello.putObject("server").put("version", gateway.version()).put("connId", connection.id());
    ObjectNode features = hello.putObject("features");
    ArrayNode methods = features.putArray("methods");
    gateway.methods(principal).forEach(methods::add);
    ArrayNode events = features.putArray("events");
    gateway.operations().events().forEach(events::add);
    features.putArray("capabilities").add(MODEL_CATALOG);
    ObjectNode snapshot = hello.putObject("snapshot");
    snapshot.set("presence", gateway.presence(principal.tenant()));
    snapshot.putObject("health").put("ok", true);
    snapshot.putObject("stateVersion").put("presence", 0).put("health", 0);
    snapshot.put("uptimeMs", gateway.uptimeMs());
    snapshot
        .putObject("sessionDefaults")
        .put("defaultAgentId", Agents.DEFAULT_AGENT)
        .put("mainKey", "main")
        .put("mainSessionKey", "agent:" + Agents.DEFAULT_AGENT + ":main")
        .put("scope", "per-sender")
        .put("modelConfigured", true);
    ObjectNode auth = hello.putObject("auth");
    auth.put("role", session.link() == null ? "operator" : "agent");
    ArrayNode granted = auth.putArray("scopes");
    Set<Scope> held = principal.scopes();
    held.forEach(scope -> granted.add(scope.wireName()));
    auth.put("tenant", principal.tenant().value());
    auth.put("tenantRole", principal.role().wireName());
    auth.put("keyId", principal.keyId());
    AgentId agent = principal.agent();
    if (agent != null) {
      auth.put("agent", agent.value());
    }
    WsSettings settings = gateway.settings();
    hello
        .putObject("policy")
        .put("maxPayload", settings.maxPayloadBytes())
        .put("maxBufferedBytes", settings.maxBufferedBytes())
        .put("tickIntervalMs", settings.tickInterval().toMillis())
        .put("maxDepth", Json.MAX_DEPTH)
        .put("resumeMs", settings.resumeWindow().toMillis())
        .put("maxInFlight", settings.maxInFlight())
        .put("streamResumeMs", settings.streams().resumeWindow().toMillis())
        .put("streamBufferBytes", settings.streams().bufferBytes());
    hello.put("resumed", resumed);
    return hello;
  }

  private static void requireVersion(int min, int max) {
    if (min > Frame.WIRE_VERSION || max < Frame.WIRE_VERSION) {
      throw new ParleyException(ErrorCode.INVALID_REQUEST, "protocol mismatch")
          .with(ParleyException.DETAIL_CODE, "PROTOCOL_MISMATCH")
          .with("clientMinProtocol", min)
          .with("clientMaxProtocol", max)
          .with("expectedProtocol", Frame.WIRE_VERSION)
          .with("minimumProbeProtocol", MIN_PROBE_PROTOCOL);
    }
  }

  private static @Nullable String presentedKey(JsonNode auth) {
    String token = auth.path("token").asText("");
    String key = token.isEmpty() ? auth.path("password").asText("") : token;
    return key.isEmpty() ? null : key.strip();
  }
}
