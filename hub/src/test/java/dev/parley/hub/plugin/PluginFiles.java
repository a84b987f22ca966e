package dev.parley.hub.plugin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;

/** The plugins that the build assembles: those that are shipped, and hostile ones. */
public final class PluginFiles {
  private static final Path HOSTILE = Path.of("plugins", "target", "hostile");
  private static final AtomicInteger NAMES = new AtomicInteger();

  private PluginFiles() {}

  /** A hostile module. */
  static byte[] hostile(String name) {
    try {
      return Files.readAllBytes(HOSTILE.resolve(name + ".wasm"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A shipped module. */
  static byte[] shipped(String name) {
    return resource(name + ".wasm");
  }

  /** The manifest of a shipped plugin. */
  static ObjectNode manifest(String name) {
    return Json.parseObject(
        "manifest", new String(resource(name + ".json"), StandardCharsets.UTF_8));
  }

  /** A manifest with tools that take anything. */
  static ObjectNode manifest(String name, String version, String grants, String... tools) {
    ObjectNode manifest =
        Json.object().put("name", name).put("version", version).put("description", "of a test");
    ArrayNode wanted = manifest.putArray("grants");
    for (String grant : grants.split(" ", -1)) {
      if (!grant.isEmpty()) {
        wanted.add(grant);
      }
    }
    ArrayNode list = manifest.putArray("tools");
    for (String tool : tools) {
      ObjectNode one = list.addObject().put("name", tool).put("description", "a tool");
      one.putObject("parameters").put("type", "object");
    }
    return manifest;
  }

  /** The params of {@code admin.plugins.install}. */
  static ObjectNode params(ObjectNode manifest, byte[] wasm) {
    ObjectNode params = Json.object();
    params.set("manifest", manifest);
    return params.put("wasm", Base64.getEncoder().encodeToString(wasm)).put("sha256", sha256(wasm));
  }

  static String sha256(byte[] wasm) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(wasm));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static Answer install(HubExtension hub, ObjectNode params) {
    return hub.rest("POST", "/v1/admin/plugins", hub.adminKey(), params);
  }

  /** Installs a shipped plugin unless another test has. */
  static synchronized void installShipped(HubExtension hub, String name) {
    Answer answer = install(hub, params(manifest(name), shipped(name)));
    if (answer.status() != 200 && answer.status() != 409) {
      throw new AssertionError(answer.toString());
    }
  }

  /** Installs tools of the module that misbehaves, under a name of their own, and enables them. */
  static String misbehaving(HubExtension hub, Member tenant, String... tools) {
    String name = "hostile" + NAMES.incrementAndGet();
    Answer answer =
        install(hub, params(manifest(name, "1.0.0", "state log", tools), hostile("misbehave")));
    if (answer.status() != 200) {
      throw new AssertionError(answer.toString());
    }
    enable(hub, tenant, name);
    return name;
  }

  static void enable(HubExtension hub, Member tenant, String plugin) {
    hub.succeed("POST", "/v1/plugins/" + plugin + "/enable", tenant.key(), Json.object());
  }

  static Answer call(
      HubExtension hub, String key, String plugin, String tool, ObjectNode arguments) {
    ObjectNode params = Json.object().put("tool", tool);
    params.set("arguments", arguments);
    return hub.rest("POST", "/v1/plugins/" + plugin + "/call", key, params);
  }

  private static byte[] resource(String file) {
    try (InputStream in = PluginFiles.class.getResourceAsStream("/dev/parley/plugins/" + file)) {
      if (in == null) {
        throw new AssertionError("no resource " + file);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
