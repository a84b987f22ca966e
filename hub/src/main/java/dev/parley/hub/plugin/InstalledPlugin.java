package dev.parley.hub.plugin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;

/**
 * A plugin as the platform has it.
 *
 * @param sha256 of the module, in hexadecimal
 * @param bytes of the module
 * @param install of the first version that was installed: another plugin of the same name has
 *     another
 * @param installedAt epoch milliseconds
 */
public record InstalledPlugin(
    PluginManifest manifest, String sha256, int bytes, String install, long installedAt) {

  public String name() {
    return manifest.name();
  }

  /** The plugin as {@code plugins.json} of the contract defines it. */
  public ObjectNode toJson() {
    return manifest
        .toJson()
        .put("sha256", sha256)
        .put("bytes", bytes)
        .put("installedAt", installedAt);
  }

  String toRow() {
    return Json.write(toJson().put("install", install));
  }

  static InstalledPlugin ofRow(String row) {
    ObjectNode json = Json.parseObject("plugin", row);
    return new InstalledPlugin(
        PluginManifest.parse(json),
        json.path("sha256").asText(),
        json.path("bytes").asInt(),
        json.path("install").asText(),
        json.path("installedAt").asLong());
  }
}
