package dev.parley.cli.connect;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.cli.HubExtension;
import dev.parley.cli.HubExtension.Ran;
import dev.parley.cli.ParleyCommand;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code parley connect} as a process of its own, with real programs behind it. */
class ConnectCommandTest {
  private static final int REFUSED = 1;
  private static final int TERMINATED = 128 + 15;

  /** Answers each line; what it does depends on the text. */
  private static final String AGENT =
      """
      #!/bin/sh
      echo $$ >> "$0.pids"
      while read -r line; do
        id=$(printf '%s' "$line" | sed 's/^{"id":"\\([^"]*\\)".*/\\1/')
        case "$line" in
          *'"callId"'*)
            text=$(printf '%s' "$line" | sed 's/"/ /g')
            printf '{"id":"%s","reply":"asked: %s"}\\n' "$id" "$text" ;;
          *die*) exit 3 ;;
          *ask*)
            printf '{"id":"%s","callId":"c1","call":{"to":"TENANT/%s","payload":"hi"}}\\n' \\
              "$id" "$(printf '%s' "$line" | sed 's/.*ask \\([a-z]*\\).*/\\1/')" ;;
          *large*) printf '{"id":"%s","reply":"%2000000d"}\\n' "$id" 1 ;;
          *noise*) printf 'hello there\\n{"id":"%s","reply":"after noise"}\\n' "$id" ;;
          *) printf '{"id":"%s","chunk":"pie"}\\n{"id":"%s","reply":"pieces"}\\n' "$id" "$id" ;;
        esac
      done
      """;

  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @TempDir Path directory;
  private final List<Process> started = new ArrayList<>();
  private HubExtension.User user;
  private String tenant;
  private String key;

  @BeforeEach
  void signUp() {
    user = HUB.user(directory.resolve("config"));
    tenant = user.signUp();
    key = user.run("profile", "show", "--secret").out().strip();
  }

  @AfterEach
  void endProcesses() throws Exception {
    for (Process each : started) {
      each.descendants().forEach(ProcessHandle::destroyForcibly);
      each.destroyForcibly().waitFor();
    }
  }

  @Test
  void aProgramThatSpeaksJsonLinesIsAnAgent() throws Exception {
    connect("--exec", agent());
    assertEquals("pieces", whenOnline("hello"));
    assertEquals("after noise", call("noise").out().strip());
    assertTrue(errors().contains("hello there"), errors());
  }

  @Test
  void aProgramThatEndsIsStartedAgainAndItsMessageFails() throws Exception {
    connect("--exec", agent());
    whenOnline("hello");
    Ran failed = call("die");
    assertEquals(REFUSED, failed.exit());
    assertTrue(failed.err().contains("ended with exit code 3"), failed.err());
    assertEquals("pieces", whenOnline("hello"));
    assertEquals(2, Files.readAllLines(pids()).size());
    assertTrue(errors().contains("it is started again in"), errors());
  }

  @Test
  void aProgramThatAlwaysEndsIsGivenUp() throws Exception {
    StringWriter told = new StringWriter();
    PrintWriter err = new PrintWriter(told);
    Shell shell = new Shell(Map.of(), InputStream.nullInputStream(), err, err, Shell.Terminal.NONE);
    CompletableFuture<ParleyException> gaveUp = new CompletableFuture<>();
    Children children = new Children(List.of("sh", "-c", "exit 7"), System.getenv());
    try (LineProgram program =
        new LineProgram(
            children, 4, 1000, new Progress(shell), Duration.ofMillis(1), gaveUp::complete)) {
      program.start();
      String why = gaveUp.get(60, TimeUnit.SECONDS).text();
      assertTrue(why.contains("ended with exit code 7, 9 times in a row"), why);
    }
    long restarts = told.toString().lines().filter(line -> line.contains("started again")).count();
    assertEquals(8, restarts, told.toString());
  }

  @Test
  void aProgramThatIsNotThereIsSaidAtOnce() throws Exception {
    Process connected = connect("--exec", directory.resolve("nothing").toString());
    assertTrue(connected.waitFor(60, TimeUnit.SECONDS));
    assertEquals(REFUSED, connected.exitValue());
    assertTrue(errors().contains("cannot be started"), errors());
  }

  @Test
  void aProgramCallsOtherAgents() throws Exception {
    connect("--exec", agent());
    whenOnline("hello");
    String reply = call("ask main").out();
    assertTrue(reply.startsWith("asked: "), reply);
    assertTrue(reply.contains("callId : c1"), reply);
    assertTrue(reply.contains("from : " + tenant + "/main"), reply);
    String refused = call("ask nobody").out();
    assertTrue(refused.contains("not_found"), refused);
  }

  @Test
  void anOverlongLineFailsItsMessageOnly() throws Exception {
    connect("--exec", agent());
    whenOnline("hello");
    Ran large = call("large");
    assertEquals(REFUSED, large.exit());
    assertTrue(large.err().contains("more than 1048576 bytes"), large.err());
    assertEquals("pieces", call("hello").out().strip());
    assertEquals(1, Files.readAllLines(pids()).size());
  }

  @Test
  void aProgramThatReadsNothingHoldsUpNobody() throws Exception {
    connect("--window", "4", "--exec", "sleep", "1000");
    String large = "x".repeat(60_000);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> call("--timeout-ms", "500", large).err(), err -> err.contains("deadline"));
    for (int i = 0; i < 8; i++) {
      Ran late = call("--timeout-ms", "300", large);
      assertEquals(REFUSED, late.exit());
    }
    assertTrue(started.get(0).isAlive(), errors());
    assertEquals(0, user.run("agents", "list").exit());
  }

  @Test
  void aProgramForEachMessageGetsItsTextAndPrintsTheReply() throws Exception {
    connect("--per-message", "--exec", "tr", "a-z", "A-Z");
    assertEquals("HELLO", whenOnline("hello"));
  }

  @Test
  void anOverlongReplyFailsInsteadOfBeingCut() throws Exception {
    connect(
        "--per-message", "--max-line-bytes", "1000", "--exec", "sh", "-c", "cat; printf %2000d 1");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> call("hello").err().contains("printed more than 1000 bytes"));
  }

  @Test
  void aProgramForEachMessageNeedNotReadIt() throws Exception {
    connect("--per-message", "--exec", "echo", "no need");
    assertEquals("no need", whenOnline("x".repeat(200_000)));
  }

  @Test
  void theProgramDoesNotSeeTheKey() throws Exception {
    connect(
        "--per-message",
        "--exec",
        "sh",
        "-c",
        "cat > /dev/null; echo \"key:$PARLEY_KEY from:$PARLEY_FROM\"");
    assertEquals("key: from:" + tenant, whenOnline("hello"));
  }

  @Test
  void aSignalEndsTheProgramToo() throws Exception {
    Process connected = connect("--exec", agent());
    whenOnline("hello");
    long pid = Long.parseLong(Files.readAllLines(pids()).get(0));
    assertTrue(ProcessHandle.of(pid).isPresent());
    connected.destroy();
    assertTrue(connected.waitFor(20, TimeUnit.SECONDS));
    assertEquals(TERMINATED, connected.exitValue());
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    assertTrue(call("hello").err().contains("agent_offline"), "the hub knows at once");
  }

  @Test
  void anAgentsOwnKeyIsEnough() throws Exception {
    assertEquals(0, user.run("agents", "create", "worker", "--kind", "remote").exit());
    Ran made = user.run("keys", "create", "agent", "--agent", "worker", "--json");
    key = made.json().path("secret").asText();
    connect("--exec", agent());
    assertEquals("pieces", whenOnline("hello"));
  }

  @Test
  void anotherTenantsAgentIsRefused() throws Exception {
    Process connected = start("connect", "globex/worker", "--exec", "cat");
    assertTrue(connected.waitFor(60, TimeUnit.SECONDS));
    assertEquals(REFUSED, connected.exitValue());
    assertTrue(errors().contains("none of the key's tenant"), errors());
  }

  private Process connect(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("connect", tenant + "/worker"));
    arguments.addAll(List.of(options));
    return start(arguments.toArray(String[]::new));
  }

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ParleyCommand.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PARLEY_URL", HUB.url());
    builder.environment().put("PARLEY_KEY", key);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(directory.resolve("errors").toFile());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private String agent() throws IOException {
    Path program = directory.resolve("agent");
    Files.writeString(program, AGENT.replace("TENANT", tenant));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program.toString();
  }

  private Path pids() {
    return directory.resolve("agent.pids");
  }

  private String errors() throws IOException {
    return Files.readString(directory.resolve("errors"));
  }

  private Ran call(String... arguments) {
    List<String> call = new ArrayList<>(List.of("call", tenant + "/worker"));
    call.addAll(List.of(arguments));
    return user.run(call.toArray(String[]::new));
  }

  /** Calls until the agent is there. */
  private String whenOnline(String text) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> call(text), ran -> ran.exit() == 0)
        .out()
        .strip();
  }
}
