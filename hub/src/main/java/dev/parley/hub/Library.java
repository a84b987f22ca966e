package dev.parley.hub;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.operation.AgentOperations;
import dev.parley.hub.gateway.operation.MemoryOperations;
import dev.parley.hub.memory.Memories;
import dev.parley.hub.model.Embeddings;
import dev.parley.hub.model.ProviderKeys;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.quota.Budgets;
import dev.parley.hub.settings.MemoryOptions;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.OpenStore;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Tenants;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts together what remembers: documents, their indexes, the models that make vectors of them. */
final class Library {
  private static final Logger LOG = LoggerFactory.getLogger(Library.class);

  private final Tenants tenants;
  private final Agents agents;
  private final Memories memories;

  Library(
      Vertx vertx,
      Settings settings,
      Map<String, String> environment,
      OpenStore store,
      Tenants tenants,
      Agents agents,
      Workspaces workspaces,
      ProviderKeys providerKeys,
      OutboundClient outbound,
      Budgets budgets) {
    this.tenants = tenants;
    this.agents = agents;
    Embeddings embeddings =
        new Embeddings(
            vertx,
            SettingsMapping.models(settings, environment),
            SettingsMapping.prices(settings),
            providerKeys,
            settings.get(MemoryOptions.EMBEDDING_MODEL),
            outbound);
    memories =
        new Memories(
            vertx,
            SettingsMapping.memory(settings, store.data()),
            new Memories.Parts(
                store.store(), tenants, agents, workspaces, embeddings, budgets, store.clock()));
  }

  /** Throws the indexes of tenants away that are erased, on whichever node they are. */
  void follow(Announcements announcements) {
    announcements.listen(
        change -> {
          if (change instanceof Announcement.TenantChanged changed) {
            TenantId tenant = new TenantId(changed.tenant());
            tenants
                .exists(tenant)
                .compose(there -> there ? Future.succeededFuture() : memories.forget(tenant))
                .onFailure(e -> LOG.warn("the index of {} may be left", tenant, e));
          }
        },
        () -> {});
  }

  Memories memories() {
    return memories;
  }

  void register(OperationTable operations) {
    new MemoryOperations(agents, memories).register(operations);
  }

  void measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.memory.indexes.open", memories, Memories::openIndexes);
    metrics.counter(
        "parley.memory.indexes.made",
        "indexes of memory made from the documents, as there was none",
        memories,
        Memories::indexesMade);
    metrics.counter(
        "parley.memory.indexes.broken",
        "indexes of memory thrown away because they were broken",
        memories,
        Memories::indexesBroken);
    metrics.counter("parley.memory.searches", "searches of memory", memories, Memories::searches);
  }

  /** The removal of agents with their documents, before and after for those put meanwhile. */
  AgentOperations.Removal agentRemoval(AgentOperations.Removal rest) {
    return (by, scope, agent) ->
        agents
            .get(scope, agent)
            .compose(there -> memories.deleteOf(scope, agent))
            .compose(gone -> rest.remove(by, scope, agent))
            .compose(removed -> memories.deleteOf(scope, agent).map(removed));
  }

  Future<Void> close() {
    return memories.close();
  }
}
