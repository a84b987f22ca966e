/**
 * WebAssembly plugins as tools of hosted agents, the only code of others that runs in this process.
 * The platform installs them ({@link dev.parley.hub.plugin.InstalledPlugins}), a tenant enables
 * them ({@link dev.parley.hub.plugin.EnabledPlugins}), {@link dev.parley.hub.plugin.Plugins} calls
 * their tools: each call in a fresh instance on one of a few threads that the tenants share fairly,
 * interpreted, with a cap on memory, CPU time, depth and output, and nothing of the host but what
 * was granted. What a plugin keeps ({@link dev.parley.hub.plugin.PluginState}) is its tenant's. The
 * interface to the guest is described in {@code docs/plugins.md}, the reasons in {@code
 * docs/decisions/0022-plugins.md}.
 */
@NullMarked
package dev.parley.hub.plugin;

import org.jspecify.annotations.NullMarked;
