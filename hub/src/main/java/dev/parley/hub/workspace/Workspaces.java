package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Hands out the {@link Workspace} of an agent; holds nothing per agent. */
public final class Workspaces {
  private final WorkspaceSettings settings;
  private final DiskWorkers workers;
  private final Lanes<AgentAddress> lanes;

  public Workspaces(Vertx vertx, WorkspaceSettings settings) {
    this.settings = settings;
    this.workers = new DiskWorkers(vertx, "workspace", settings.threads(), settings.maxWaiting());
    this.lanes = new Lanes<>(vertx, settings.maxWaitingPerAgent());
  }

  /** The workspace of an agent of the scope's tenant; nothing is opened or made yet. */
  public Workspace of(TenantScope scope, AgentId agent) {
    Path root = Objects.requireNonNull(scope.directory().getParent(), "workspace root");
    List<String> place = List.of(scope.tenant().value(), "agents", agent.value(), "workspace");
    AgentAddress owner = new AgentAddress(scope.tenant(), agent);
    return new Workspace(owner, new WorkspaceFiles(root, place, settings), workers, lanes);
  }

  /** Lets running operations end; later ones fail with {@code unavailable}. */
  public Future<Void> close() {
    return workers.close();
  }
}
