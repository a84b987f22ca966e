/**
 * The files of an agent, under {@code <data>/workspace/<tenant>/agents/<agent>/workspace}: what it
 * is ({@code SOUL.md}), how it works ({@code AGENTS.md}), and what it writes.
 *
 * <p>Comes in: a {@link dev.parley.hub.tenant.TenantScope}, an agent id, and paths that clients,
 * people and models have made up. Goes out: text and typed errors that name the field {@code path}.
 * A path is validated by {@link dev.parley.hub.workspace.WorkspacePath} and resolved by {@link
 * dev.parley.hub.disk.OpenDirectory}, which follows no link; nothing else here touches the disk.
 */
@NullMarked
package dev.parley.hub.workspace;

import org.jspecify.annotations.NullMarked;
