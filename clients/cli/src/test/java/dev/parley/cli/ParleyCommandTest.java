package dev.parley.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.cli.HubExtension.Ran;
import dev.parley.cli.profile.Profiles;
import dev.parley.cli.shell.Shell;
import dev.parley.client.ParleyAgent;
import dev.parley.client.ParleyClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands, run against a real hub as a user would run them. */
class ParleyCommandTest {
  private static final int REFUSED = 1;
  private static final int USAGE = 2;

  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @TempDir Path config;
  private HubExtension.User user;
  private Map<String, String> environment;
  private String tenant;

  @BeforeEach
  void beSomebodyNew() {
    user = HUB.user(config);
    environment = user.environment();
    tenant = user.signUp();
  }

  @Test
  void signUpKeepsTheKeyForThisUserOnly() throws Exception {
    Path file = config.resolve("parley/profiles.json");
    assertEquals("rw-------", mode(file));
    assertEquals("rwx------", mode(file.getParent()));
    assertEquals("main", run("agents", "list", "--json").json().at("/agents/0/id").asText());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Ran refused = run("agents", "list");
    assertEquals(REFUSED, refused.exit());
    assertTrue(refused.err().contains("chmod 600"), refused.err());
  }

  @Test
  void aRefusedSignUpLeavesTheProfileAsItWas() {
    Ran taken = run("signup", tenant);
    assertEquals(REFUSED, taken.exit());
    assertEquals(1, taken.err().lines().count(), taken.err());
    assertEquals(0, run("agents", "list").exit());
  }

  @Test
  void aMessageIsAnsweredAndKeptInTheConversation() {
    Ran reply = run("chat", "-m", "repeat 3 word");
    assertEquals(0, reply.exit(), reply.err());
    assertTrue(reply.out().contains("word"), reply.out());
    Ran called = run("call", tenant + "/main", "repeat 2 hello");
    assertTrue(called.out().contains("hello"), called.out() + called.err());
  }

  @Test
  void memoryIsPutFoundListedAndRemoved() {
    Ran put = run("memory", "put", "[Mia] likes oolong", "--id", "tea", "--tags", "people,drinks");
    assertEquals(0, put.exit(), put.err());
    Ran found = run("memory", "search", "oolong", "--tag", "people", "--json");
    assertEquals("tea", found.json().at("/results/0/id").asText(), found.out() + found.err());
    assertTrue(run("memory", "ls").out().contains("tea"));
    assertTrue(run("memory", "get", "tea").out().contains("[Mia] likes oolong"));
    assertTrue(run("memory", "rm", "tea", "--json").json().path("deleted").asBoolean());
    assertFalse(run("memory", "ls", "--json").out().contains("tea"));
  }

  @Test
  void twoTenantsAgreeOnAChannelAndOneRevokesIt() {
    String seller = tenant;
    String buyer = signUp();
    Ran before = run("call", seller + "/main", "hello");
    assertEquals(REFUSED, before.exit());
    assertTrue(before.err().contains("not_found"), before.err());
    String channel =
        run("channel", "propose", buyer, seller + "/main", "--limits", "callsPerMinute=5", "--json")
            .json()
            .at("/channel/id")
            .asText();
    assertEquals(0, run("channel", "accept", channel, "--profile", seller).exit());
    Ran after = run("call", seller + "/main", "repeat 2 hello");
    assertTrue(after.out().contains("hello"), after.out() + after.err());
    assertEquals(0, run("channel", "revoke", channel, "--profile", seller).exit());
    assertEquals(REFUSED, run("call", seller + "/main", "hello").exit());
  }

  @Test
  void aListingIsPublishedFoundInstalledAndCharged() {
    String seller = tenant;
    Ran published = run("market", "publish", "echo", "main", "--price", "unit=call,millicents=250");
    assertEquals(0, published.exit(), published.err());
    signUp();
    String listing = "market:" + seller + "/echo";
    assertEquals(0, run("market", "install", listing).exit());
    Ran called = run("call", listing, "repeat 2 hello");
    assertTrue(called.out().contains("hello"), called.out() + called.err());
    String usage = run("usage", "get", "--json").out();
    assertTrue(usage.contains("\"spentMillicents\":250"), usage);
  }

  @Test
  void anAuditLogIsVerifiedAndHeldAgainstWhatWasNotedBefore() throws Exception {
    Ran first = run("audit", "verify");
    assertEquals(0, first.exit(), first.err());
    assertTrue(first.out().contains("whole: 1 entries, 1 to 1"), first.out());
    String anchor =
        first.out().lines().filter(l -> l.startsWith("anchor: ")).findFirst().orElseThrow();
    anchor = anchor.substring("anchor: ".length());
    assertEquals(0, run("keys", "create", "viewer").exit());
    Path saved = config.resolve("audit.jsonl");
    Ran later = run("audit", "verify", "--anchor", anchor, "--save", saved.toString());
    assertEquals(0, later.exit(), later.err());
    assertEquals(2, Files.readAllLines(saved).size());
    assertTrue(Files.readString(saved).contains("keys.create"));

    Ran forged = run("audit", "verify", "--anchor", "1:" + "0".repeat(64));
    assertEquals(1, forged.exit());
    assertTrue(forged.err().contains("written anew"), forged.err());
    Ran beyond = run("audit", "verify", "--anchor", "99:" + "0".repeat(64));
    assertTrue(beyond.err().contains("ends before"), beyond.err());
    assertEquals(REFUSED, run("audit", "verify", "--anchor", "nonsense").exit());
    Ran foreign = run("audit", "verify", "--tenant", "somebody");
    assertEquals(REFUSED, foreign.exit());
    assertTrue(foreign.err().contains("forbidden"), foreign.err());
  }

  @Test
  void theNextOfSeveralUrlsIsTakenWhereNoHubIs() {
    String urls = "http://127.0.0.1:1," + HUB.url();
    Ran listed = run("agents", "list", "--url", urls, "--json");
    assertEquals("main", listed.json().at("/agents/0/id").asText(), listed.err());
  }

  @Test
  void listsAreTablesForPeople() {
    Ran table = run("keys", "list");
    assertTrue(table.out().lines().anyMatch(line -> line.startsWith("id ")), table.out());
    assertFalse(table.out().contains("{"), table.out());
  }

  @Test
  void tablesFitTheTerminalAndNumbersStandUnderEachOther() {
    String description = "A rather long description that no narrow terminal can show whole";
    for (int i = 0; i < 2; i++) {
      String listing = "listing" + i;
      Ran published =
          run(
              "market",
              "publish",
              listing,
              "main",
              "--description",
              description,
              "--price",
              "unit=call,millicents=250");
      assertEquals(0, published.exit(), published.err());
    }
    Ran wide = run("market", "search", "--query", "rather long");
    assertTrue(wide.out().contains(description), wide.out());
    assertTrue(wide.out().contains("unit=call, millicents=250"), wide.out());
    Ran narrow =
        user.run(
            new Shell.Terminal(false, true, false, 79),
            "",
            "market",
            "search",
            "--query",
            "rather long");
    assertTrue(narrow.out().lines().allMatch(line -> plain(line).length() <= 79), narrow.out());
    assertTrue(narrow.out().contains("no room for: "), narrow.out());
    assertTrue(narrow.out().contains("market:" + tenant + "/listing1 "), narrow.out());
    Ran usage = run("usage", "get");
    assertTrue(usage.out().contains("day         calls  handled  refused"), usage.out());
    assertTrue(
        run("market", "search", "--query", "nothing-like-this").out().contains("listings: none"));
    Ran keys = run("keys", "list");
    assertTrue(keys.out().contains(" s ago") || keys.out().contains("now"), keys.out());
  }

  @Test
  void profilesAreListedChosenShownAndForgotten() {
    String first = tenant;
    String second = signUp();
    Ran listed = run("profile", "list");
    assertTrue(
        listed.out().lines().anyMatch(line -> line.startsWith("* ") && line.contains(second)),
        listed.out());
    assertFalse(listed.out().contains("plk"), listed.out());
    assertEquals(0, run("profile", "use", first).exit());
    assertEquals(first, run("tenant", "get", "--json").json().at("/tenant/id").asText());
    assertEquals(first, run("profile", "show", "--json").json().path("name").asText());
    String key = run("profile", "show", second, "--secret").out().strip();
    environment.put("PARLEY_KEY", key);
    assertEquals(second, run("tenant", "get", "--json").json().at("/tenant/id").asText());
    environment.remove("PARLEY_KEY");
    assertEquals(0, run("profile", "remove", first).exit());
    Ran none = run("tenant", "get");
    assertEquals(REFUSED, none.exit());
    Ran unknown = run("profile", "use", first);
    assertEquals(REFUSED, unknown.exit());
    assertTrue(unknown.err().contains("parley profile list"), unknown.err());
    assertEquals(1, run("profile", "list", "--json").json().size());
  }

  @Test
  void eachLineOfAPipeIsAMessage() {
    Ran piped = user.runWithInput("repeat 2 first\n\nrepeat 2 second\n", "chat");
    assertEquals(0, piped.exit(), piped.err());
    List<String> lines = piped.out().lines().toList();
    assertEquals(2, lines.size(), piped.out());
    assertTrue(lines.get(0).contains("first") && lines.get(1).contains("second"), piped.out());
    Ran failing = user.runWithInput("fail\nrepeat 2 never\n", "chat");
    assertEquals(REFUSED, failing.exit());
    assertTrue(failing.err().startsWith("parley: "), failing.err());
    assertFalse(failing.out().contains("never"), failing.out());
  }

  @Test
  void wrongUsageIsExplained() {
    assertEquals(USAGE, run("channel").exit());
    assertEquals(USAGE, run("channel", "accept").exit());
    assertEquals(REFUSED, run("keys", "create", "member", "--expiresInS", "soon").exit());
    assertTrue(run("market", "publish", "--help").out().contains("--price"));
  }

  @Test
  void withoutAKeyItSaysHowToGetOne() {
    environment.put("XDG_CONFIG_HOME", config.resolve("empty").toString());
    Ran refused = run("usage", "get");
    assertEquals(REFUSED, refused.exit());
    assertTrue(refused.err().contains("parley signup"), refused.err());
  }

  @Test
  void whatAnAgentSaysCannotDriveTheTerminal() throws Exception {
    run("agents", "create", "rogue", "--kind", "remote");
    String key = Profiles.of(environment).find(null).key();
    try (ParleyAgent rogue =
        ParleyClient.builder()
            .url(HUB.url())
            .key(key)
            .connectAgent(
                "rogue",
                (message, context) ->
                    CompletableFuture.completedFuture("one\u001b[2J\ntwo\u202e\u0007"))
            .get(20, TimeUnit.SECONDS)) {
      Ran ran = run("call", rogue.address(), "hello");
      assertEquals("one\ufffd[2J\ntwo\ufffd\ufffd", ran.out().strip(), ran.err());
    }
  }

  @Test
  void aProvidersKeyIsReadFromAFileAndIsNoArgument() throws Exception {
    assertEquals(USAGE, run("providers", "set", "openai", "--apiKey", "sk-secret").exit());
    Path key = Files.writeString(config.resolve("openai.key"), "sk-secret\n");
    assertEquals(0, run("providers", "set", "openai", "--apiKey-file", key.toString()).exit());
    Ran listed = run("providers", "list", "--json");
    assertTrue(listed.out().contains("openai"), listed.out());
    assertFalse(listed.out().contains("sk-secret"), listed.out());
  }

  @Test
  void theMasterKeyIsRotatedPageByPageAndSaysHowFarItIs() {
    signUp();
    String admin = HUB.adminKeyFile().toString();
    Ran rotated = run("admin", "rotate-master-key", "--limit", "1", "--key-file", admin);

    assertEquals(0, rotated.exit(), rotated.err());
    assertTrue(rotated.err().contains("1 tenants, 0 secrets sealed anew, up to "), rotated.err());
    assertTrue(
        rotated
            .out()
            .matches("(?s)[0-9]+ tenants, 0 secrets sealed anew with master key [0-9a-f]{8}\\s+"),
        rotated.out());
    assertEquals(REFUSED, run("admin", "rotate-master-key").exit(), "an owner is no admin");
  }

  @Test
  void signUpMakesNoTenantWhoseKeyItCouldNotKeep() throws Exception {
    Path file = config.resolve("parley/profiles.json");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
    String name = HubExtension.newName();
    assertEquals(REFUSED, run("signup", name).exit());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertEquals(0, run("signup", name).exit());
  }

  @Test
  void theCompletionScriptIsShell() throws Exception {
    Path script = config.resolve("completion.sh");
    Files.writeString(script, run("completion").out());
    assertEquals(0, new ProcessBuilder("bash", "-n", script.toString()).start().waitFor());
    assertTrue(Files.readString(script).contains("market"));
  }

  private String signUp() {
    return user.signUp();
  }

  private Ran run(String... arguments) {
    return user.run(arguments);
  }

  private static String plain(String line) {
    return line.replaceAll("\u001b\\[[0-9]+m", "");
  }

  private static String mode(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
