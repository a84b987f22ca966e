package dev.parley.hub.workspace;

import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** Workspaces as a hub makes them, for tests without one. */
final class Shelves {
  private Shelves() {}

  /** Those of a node of a cluster, so that two of them may share a directory. */
  static Workspaces of(Vertx vertx, Store store, WorkspaceSettings settings) {
    return of(vertx, store, settings, Plan.UNMETERED.limits());
  }

  static Workspaces of(Vertx vertx, Store store, WorkspaceSettings settings, Limits limits) {
    return new Workspaces(
        vertx, store, Clock.systemUTC(), tenant -> Future.succeededFuture(limits), settings, false);
  }

  static Workspace workspace(Workspaces from, Path data, String tenant, String agent) {
    return from.of(new TenantScopes(data).of(OwnerOf.tenant(tenant)), new AgentId(agent));
  }

  /** Carries a change out without booking it. */
  static <R> R perform(String verb, WorkspacePath path, Change<R> change) {
    try {
      return FileErrors.guarded(
          verb,
          path,
          () -> {
            change.prepare(Tally.NOTHING);
            return change.perform();
          });
    } finally {
      change.discard();
    }
  }

  /** Carries a change out that was prepared. */
  static <R> R performOnly(String verb, WorkspacePath path, Change<R> change) {
    return FileErrors.guarded(verb, path, () -> change.perform());
  }

  static FileWritten write(WorkspaceFiles files, String path, String text) throws IOException {
    WorkspacePath place = WorkspacePath.ofFile(path);
    return perform(
        "write", place, FileChanges.write(files, place, FileBytes.encode(text), Precondition.NONE));
  }

  static boolean delete(WorkspaceFiles files, String path) {
    WorkspacePath place = WorkspacePath.ofFile(path);
    return perform("delete", place, FileChanges.delete(files, place, false, Precondition.NONE));
  }

  /** As small as a setting can be, for tests of bounds. */
  static WorkspaceSettings small() {
    return new WorkspaceSettings(
        64, 64, 256, 5, 2, 100, 3, 4, 2, WorkspaceSettings.DEFAULTS.turn());
  }
}
