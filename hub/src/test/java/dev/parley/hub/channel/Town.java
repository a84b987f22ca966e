package dev.parley.hub.channel;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Tenants with names that no other test has, and the nodes of a hub that serves them. */
public final class Town {
  private static final AtomicInteger TOWNS = new AtomicInteger();

  public final SettableClock clock = new SettableClock();
  public final TenantScopes scopes = new TenantScopes(Path.of("unused"));
  private final Map<TenantId, Tenant> tenants = new ConcurrentHashMap<>();
  private final String suffix = "-" + TOWNS.incrementAndGet();

  /** One node: its channels, and how it hears of the others'. */
  public record Node(Channels channels, Announcements announcements) {}

  /** A tenant that exists, with the limits of the plan for operators. */
  public Principal settle(String name) {
    return settle(name, Limits.NONE);
  }

  public Principal settle(String name, Limits override) {
    Principal principal = stranger(name);
    TenantId id = principal.tenant();
    tenants.put(id, new Tenant(id, name, Plan.UNMETERED, override, null, clock.millis()));
    return principal;
  }

  /** A tenant that does not exist. */
  public Principal stranger(String name) {
    return HubPrincipals.bookkeeper(new TenantId(name + suffix));
  }

  public Node node(Store store) {
    return node(store, store);
  }

  /** A node whose channels use a store of their own, to break it. */
  public Node node(Store store, Store ofChannels) {
    Announcements announcements = new Announcements(store);
    RedisExtension.await(announcements.start());
    Channels channels =
        new Channels(
            ofChannels, scopes, this::find, announcements, clock, () -> clock.millis() * 1_000_000);
    return new Node(channels, announcements);
  }

  /** Which tenants there are: a {@link TenantDirectory}. */
  public Future<Optional<Tenant>> find(TenantId id) {
    return Future.succeededFuture(Optional.ofNullable(tenants.get(id)));
  }

  public TenantScope scope(Principal principal) {
    return scopes.of(principal);
  }

  public static AgentAddress agent(Principal principal, String name) {
    return AgentAddress.parse(principal.tenant() + "/" + name);
  }

  public static Party party(Principal principal) {
    return Party.of(principal.tenant());
  }

  public static Limits channels(long limit) {
    return new Limits(
        null, null, null, null, null, null, null, null, null, limit, null, null, null, null, null,
        null, null, null, null, null);
  }
}
