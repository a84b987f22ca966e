package dev.parley.hub.agent;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.NodeCache;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The definitions of agents, and the way to their endpoints. Definitions in use are cached per node
 * and dropped by announcements.
 */
public final class Agents implements AgentDirectory {
  /** The id of the agent that a sign-up makes unless told otherwise. */
  public static final String DEFAULT_AGENT = "main";

  /** The name of the hash that holds a tenant's agents, by id. */
  public static final String HASH = "agents";

  private static final String NEXT_ACTIVE = "next-active";
  private static final Script WRITE = new Script("agent-write");
  private static final long NO_LIMIT = -1;

  private final Store store;
  private final TenantScopes scopes;
  private final Announcements announcements;
  private final RemoteAgents remote;
  private final NodeCache<AgentAddress, AgentDefinition> cached =
      new NodeCache<>(200_000, this::load);
  private @Nullable BiFunction<AgentAddress, AgentDefinition, Endpoint> hosted;
  private Function<AgentAddress, AgentPresence> hostedPresence = address -> AgentPresence.IDLE;
  private @Nullable OtherNodes otherNodes;

  public Agents(
      Store store, TenantScopes scopes, Announcements announcements, RemoteAgents remote) {
    this.store = store;
    this.scopes = scopes;
    this.announcements = announcements;
    this.remote = remote;
    announcements.listen(this::onAnnouncement, cached::invalidateAll);
  }

  /** Says who runs hosted agents; they call through the switchboard, which looks agents up here. */
  public void hostedBy(
      BiFunction<AgentAddress, AgentDefinition, Endpoint> host,
      Function<AgentAddress, AgentPresence> presence) {
    hosted = host;
    hostedPresence = presence;
  }

  /** Says where agents are that are not on this node; without it there is this node only. */
  public void reachedThrough(OtherNodes nodes) {
    otherNodes = nodes;
  }

  /** An agent of the scope's tenant; fails with {@code not_found}. */
  public Future<AgentDefinition> get(TenantScope scope, AgentId id) {
    return cached.get(new AgentAddress(scope.tenant(), id));
  }

  /** As {@link #get(TenantScope, AgentId)}. */
  public Future<AgentDefinition> get(AgentAddress address) {
    return cached.get(address);
  }

  public Future<Boolean> exists(TenantId tenant, AgentId agent) {
    return exists(new AgentAddress(tenant, agent));
  }

  @Override
  public Future<Boolean> exists(AgentAddress address) {
    return cached
        .get(address)
        .map(true)
        .recover(
            failure ->
                failure instanceof ParleyException e && e.code() == ErrorCode.NOT_FOUND
                    ? Future.succeededFuture(false)
                    : Future.failedFuture(failure));
  }

  /** The agents of the tenant, oldest first. */
  public Future<List<AgentDefinition>> list(TenantScope scope) {
    return store
        .hashGetAll(key(scope))
        .map(
            rows ->
                rows.entrySet().stream()
                    .map(row -> AgentDefinition.ofRow(new AgentId(row.getKey()), row.getValue()))
                    .sorted(
                        Comparator.comparingLong(AgentDefinition::createdAt)
                            .thenComparing(AgentDefinition::id))
                    .toList());
  }

  /**
   * Defines an agent.
   *
   * @param limit how many agents the tenant may have
   * @return fails with {@code conflict} when the id is taken, {@code limit_exceeded}
   */
  public Future<AgentDefinition> create(TenantScope scope, AgentDefinition definition, long limit) {
    return write(scope, "create", definition, Long.toString(limit))
        .compose(
            result -> {
              if (result.integer(0) < 0) {
                throw atLimit(scope.tenant(), result.integer(1), limit);
              }
              if (result.integer(0) == 0) {
                throw new ParleyException(
                        ErrorCode.CONFLICT, "there is an agent " + definition.id() + " already")
                    .with("field", "id");
              }
              return announce(scope, definition.id()).map(definition);
            });
  }

  /** Replaces the definition of an agent; fails with {@code not_found}. */
  public Future<AgentDefinition> update(TenantScope scope, AgentDefinition definition) {
    return write(scope, "update", definition, "")
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                throw notFound(new AgentAddress(scope.tenant(), definition.id()));
              }
              return announce(scope, definition.id()).map(definition);
            });
  }

  private Future<ScriptResult> write(
      TenantScope scope, String how, AgentDefinition definition, String limit) {
    return store.run(
        WRITE,
        List.of(key(scope)),
        List.of(how, definition.id().value(), definition.toRow(), limit));
  }

  /** Deletes an agent's definition; fails with {@code not_found}. */
  public Future<Void> delete(TenantScope scope, AgentId id) {
    return store
        .hashDelete(key(scope), id.value())
        .compose(
            there -> {
              if (!there) {
                throw notFound(new AgentAddress(scope.tenant(), id));
              }
              return store
                  .hashDelete(scope.key(NEXT_ACTIVE), id.value())
                  .compose(forgotten -> announce(scope, id));
            });
  }

  @Override
  public Future<Endpoint> locate(AgentAddress address) {
    RemoteAgent connected = remote.find(address);
    return connected != null
        ? Future.succeededFuture(connected)
        : cached.get(address).compose(definition -> placed(address, definition));
  }

  /** Whether the agent is there, on this node or another; fails with {@code not_found}. */
  public Future<AgentPresence> presence(AgentAddress address) {
    OtherNodes others = otherNodes;
    return cached
        .get(address)
        .compose(
            definition -> {
              AgentPresence here = presenceHere(address, definition.kind());
              return others == null || here == AgentPresence.ONLINE
                  ? Future.succeededFuture(here)
                  : others
                      .presence(address, definition.kind())
                      .map(there -> there.orElse(here).or(here));
            });
  }

  /** Whether the agent is there on this node. */
  public AgentPresence presenceHere(AgentAddress address, AgentDefinition.Kind kind) {
    if (kind == AgentDefinition.Kind.HOSTED) {
      return hostedPresence.apply(address);
    }
    RemoteAgent connected = remote.find(address);
    return connected == null ? AgentPresence.OFFLINE : connected.presence();
  }

  /**
   * Says when an agent that is not always there will be back.
   *
   * @param next null to say nothing any more
   * @return fails with {@code not_found}, {@code conflict} for a hosted agent
   */
  public Future<Void> declareNextActive(TenantScope scope, AgentId id, @Nullable Instant next) {
    Key key = scope.key(NEXT_ACTIVE);
    return get(scope, id)
        .compose(
            definition -> {
              if (definition.kind() == AgentDefinition.Kind.HOSTED) {
                throw new ParleyException(
                    ErrorCode.CONFLICT,
                    "agent %s is hosted by the hub, which wakes it for each message".formatted(id));
              }
              return next == null
                  ? store.hashDelete(key, id.value()).mapEmpty()
                  : store.hashSet(key, id.value(), next.toString());
            });
  }

  /** When the agent has said that it will be back; null when it has not. */
  public Future<@Nullable Instant> nextActiveAt(AgentAddress address) {
    return store
        .hashGet(
            scopes.of(HubPrincipals.bookkeeper(address.tenant())).key(NEXT_ACTIVE),
            address.agent().value())
        .map(text -> text == null ? null : Instant.parse(text));
  }

  /** The endpoint of an agent that is to be on this node; fails as {@link #locate}. */
  public Future<Endpoint> locateHere(AgentAddress address) {
    RemoteAgent connected = remote.find(address);
    return connected != null
        ? Future.succeededFuture(connected)
        : cached.get(address).map(definition -> endpoint(address, definition));
  }

  private Future<Endpoint> placed(AgentAddress address, AgentDefinition definition) {
    if (otherNodes == null) {
      return Future.succeededFuture(endpoint(address, definition));
    }
    return otherNodes
        .locate(address, definition.kind())
        .map(there -> there.orElseGet(() -> endpoint(address, definition)));
  }

  @Override
  public Future<Integer> room(AgentAddress address) {
    RemoteAgent connected = remote.find(address);
    return connected != null
        ? Future.succeededFuture(connected.room())
        : cached
            .get(address)
            .compose(definition -> roomElsewhere(address, definition))
            .recover(
                failure ->
                    failure instanceof ParleyException e && e.code() == ErrorCode.NOT_FOUND
                        ? Future.succeededFuture(Integer.MAX_VALUE)
                        : Future.failedFuture(failure));
  }

  private Future<Integer> roomElsewhere(AgentAddress address, AgentDefinition definition) {
    if (definition.kind() == AgentDefinition.Kind.HOSTED) {
      return Future.succeededFuture(Integer.MAX_VALUE);
    }
    return otherNodes == null ? Future.succeededFuture(0) : otherNodes.room(address);
  }

  @Override
  public Future<Long> tokensPerDay(AgentAddress address) {
    return cached
        .get(address)
        .map(
            definition -> definition.tokensPerDay() == null ? NO_LIMIT : definition.tokensPerDay());
  }

  private Endpoint endpoint(AgentAddress address, AgentDefinition definition) {
    if (definition.kind() == AgentDefinition.Kind.REMOTE || hosted == null) {
      throw RemoteAgent.offline(address);
    }
    return hosted.apply(address, definition);
  }

  private Future<AgentDefinition> load(AgentAddress address) {
    return store
        .hashGet(
            key(scopes.of(HubPrincipals.bookkeeper(address.tenant()))), address.agent().value())
        .map(
            row -> {
              if (row == null) {
                throw notFound(address);
              }
              return AgentDefinition.ofRow(address.agent(), row);
            });
  }

  private Future<Void> announce(TenantScope scope, AgentId id) {
    return announcements.announce(
        new Announcement.AgentChanged(scope.tenant().value(), id.value()));
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.AgentChanged agent) {
      cached.invalidate(new AgentAddress(new TenantId(agent.tenant()), new AgentId(agent.agent())));
    }
  }

  private static Key key(TenantScope scope) {
    return scope.key(HASH);
  }

  private static ParleyException atLimit(TenantId tenant, long used, long limit) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d agents and may have %d; delete one or ask for a higher plan"
                .formatted(tenant, used, limit))
        .with("limit", "agents")
        .with("owner", "tenant " + tenant)
        .with("used", used)
        .with("max", limit);
  }

  private static ParleyException notFound(AgentAddress address) {
    return ParleyException.notFound("agent " + address);
  }
}
