package dev.parley.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.cli.HubExtension.Ran;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Plugins from the command line, as the admin and an owner use them. */
class PluginCommandTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @TempDir Path directory;
  private HubExtension.User admin;
  private HubExtension.User owner;
  private String tenant;

  @BeforeEach
  void signUp() throws IOException {
    admin = HUB.user(directory.resolve("admin"));
    admin.environment().put("PARLEY_KEY", HUB.adminKey());
    owner = HUB.user(directory.resolve("owner"));
    tenant = owner.signUp();
  }

  @Test
  void aPluginThatComesWithParleyIsInstalledEnabledUsedAndRemoved() {
    Ran installed = admin.run("admin", "plugins", "install", "counter", "--json");
    assertEquals("1.0.0", installed.json().at("/plugin/version").asText());
    assertTrue(admin.run("admin", "plugins", "ls").out().contains("counter"));
    assertTrue(owner.run("plugins", "ls").out().contains("counter"));
    assertEquals(0, owner.run("plugins", "enable", "counter").exit());
    Ran told = owner.run("call", tenant + "/main", "use counter_add {\"name\":\"visits\"}");
    assertTrue(told.out().contains("{\"name\":\"visits\",\"count\":1}"), told.out() + told.err());
    Ran called =
        owner.run(
            "plugins", "call", "counter", "add", "--arguments", "{\"name\":\"visits\"}", "--json");
    assertEquals(2, called.json().at("/result/count").asInt());
    assertEquals(0, owner.run("plugins", "disable", "counter").exit());
    assertEquals(0, admin.run("admin", "plugins", "rm", "counter").exit());
    Ran gone = owner.run("plugins", "enable", "counter");
    assertEquals(1, gone.exit());
    assertTrue(gone.err().contains("not_found"), gone.err());
  }

  @Test
  void aPluginIsInstalledFromItsFilesIfItsHashIsRight() throws IOException {
    for (String kind : new String[] {".json", ".wasm"}) {
      try (InputStream in =
          PluginCommandTest.class.getResourceAsStream("/dev/parley/plugins/textstats" + kind)) {
        Files.write(directory.resolve("textstats" + kind), in.readAllBytes());
      }
    }
    String manifest = directory.resolve("textstats.json").toString();
    Ran wrong = admin.run("admin", "plugins", "install", manifest, "--sha256", "0".repeat(64));
    assertEquals(1, wrong.exit());
    assertTrue(wrong.err().contains("SHA-256"), wrong.err());
    assertEquals(0, admin.run("admin", "plugins", "install", manifest).exit());
    Ran again = admin.run("admin", "plugins", "install", manifest);
    assertTrue(again.err().contains("conflict"), again.err());
    Ran refused = owner.run("admin", "plugins", "install", manifest);
    assertTrue(refused.err().contains("forbidden"), refused.err());
    Ran missing = admin.run("admin", "plugins", "install", "nothing");
    assertEquals(1, missing.exit());
  }
}
