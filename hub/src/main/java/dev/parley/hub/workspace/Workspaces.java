package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Hands out the {@link Workspace} of an agent; holds nothing per agent. */
public final class Workspaces {
  private static final int LONG_THREADS = 2;

  private final WorkspaceSettings settings;
  private final DiskWorkers workers;
  private final DiskWorkers longWorkers;
  private final Commits commits;
  private final Transfers transfers;
  private final Workspace.Parts parts;

  /**
   * Opens nothing yet.
   *
   * @param limits those in force of a tenant
   * @param alone whether no other process changes files of the same data directory
   */
  public Workspaces(
      Vertx vertx,
      Store store,
      Clock clock,
      Function<TenantId, Future<Limits>> limits,
      WorkspaceSettings settings,
      boolean alone) {
    this.settings = settings;
    workers = new DiskWorkers(vertx, "workspace", settings.threads(), settings.maxWaiting());
    longWorkers = new DiskWorkers(vertx, "workspace-long", LONG_THREADS, settings.maxWaiting());
    commits = new Commits(vertx, new Books(store, clock, settings.turn()), workers, limits, alone);
    transfers = new Transfers(settings.maxTransfers(), settings.maxTransfersPerTenant());
    parts =
        new Workspace.Parts(
            workers,
            new Lanes<>(vertx, settings.maxWaitingPerAgent()),
            longWorkers,
            new Lanes<>(vertx, settings.maxWaitingPerAgent()),
            commits,
            transfers);
  }

  /** The workspace of an agent of the scope's tenant; nothing is opened or made yet. */
  public Workspace of(TenantScope scope, AgentId agent) {
    Path root = root(scope);
    List<String> place = List.of(scope.tenant().value(), "agents", agent.value(), "workspace");
    return new Workspace(new Owner(scope, agent), new WorkspaceFiles(root, place, settings), parts);
  }

  /** What the files of all the tenant's agents take, and may. */
  public Future<FileUsage> usage(TenantScope scope) {
    return commits.usage(scope);
  }

  private static Path root(TenantScope scope) {
    return Objects.requireNonNull(scope.directory().getParent(), "workspace root");
  }

  /**
   * Takes away what processes that are gone have left half done.
   *
   * @param data the data directory
   */
  public Future<Void> sweep(Path data, Clock clock) {
    return workers
        .run(
            () -> {
              new Staging(data.resolve("workspace")).sweep(clock);
              return data;
            })
        .mapEmpty();
  }

  public void measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.files.transfers", transfers, Transfers::count);
    metrics.counter(
        "parley.files.refused",
        "changes of files refused because of a tenant's limit",
        commits,
        Commits::refused);
    metrics.counter(
        "parley.files.recovered",
        "changes of files that another process had left open",
        commits,
        Commits::recovered);
  }

  /** Lets running operations end; later ones fail with {@code unavailable}. */
  public Future<Void> close() {
    return longWorkers.close().eventually(workers::close);
  }
}
