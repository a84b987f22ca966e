package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Output;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Installs a plugin on the platform from its two files, or one that comes with Parley. */
@Command(
    name = "install",
    mixinStandardHelpOptions = true,
    description = "Installs a plugin, or a newer version of one, for tenants to enable.",
    footer = {
      "",
      "Examples:",
      "  parley admin plugins install counter                 one that comes with Parley",
      "  parley admin plugins install ./mine/mine.json --sha256 9f86d081…"
    })
final class PluginInstallCommand implements Callable<Integer> {
  private static final String SHIPPED = "/dev/parley/plugins/";
  private static final String MANIFEST = ".json";
  private static final String MODULE = ".wasm";

  private final Shell shell;
  @Mixin private final HubOptions hub;

  @Parameters(
      paramLabel = "PLUGIN",
      description = "the manifest, name.json, beside its module name.wasm; or counter, textstats")
  private String plugin = "";

  @Option(
      names = "--sha256",
      paramLabel = "<hash>",
      description = "what the SHA-256 of the module must be, as its author tells it")
  private @Nullable String sha256;

  @Option(names = "--json", description = "print the hub's answer as JSON")
  private boolean json;

  PluginInstallCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws Exception {
    byte[] module = read(MODULE);
    String is = hash(module);
    if (sha256 != null && !sha256.equals(is)) {
      throw new ParleyException(
          ErrorCode.INVALID_REQUEST, "the SHA-256 of the module is %s".formatted(is));
    }
    ObjectNode params = Json.object();
    params.set(
        "manifest",
        Json.parseObject("the manifest", new String(read(MANIFEST), StandardCharsets.UTF_8)));
    params.put("wasm", Base64.getEncoder().encodeToString(module)).put("sha256", is);
    JsonNode result = Answers.await(hub.rest().request("admin.plugins.install", params));
    Output.print(shell, result, json);
    return 0;
  }

  private byte[] read(String kind) throws IOException {
    if (plugin.matches("[a-z0-9-]+")) {
      try (InputStream in =
          PluginInstallCommand.class.getResourceAsStream(SHIPPED + plugin + kind)) {
        if (in != null) {
          return in.readAllBytes();
        }
      }
    }
    if (!plugin.endsWith(MANIFEST)) {
      throw ParleyException.invalid(
          "plugin",
          "%s is neither a manifest, name.json, nor a plugin of Parley".formatted(plugin));
    }
    String stem = plugin.substring(0, plugin.length() - MANIFEST.length());
    return Files.readAllBytes(Path.of(stem + kind));
  }

  private static String hash(byte[] module) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(module));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
