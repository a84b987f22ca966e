package dev.parley.cli.chat;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.HubExtension;
import dev.parley.cli.shell.Style;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.frame.Json;
import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A chat at a terminal whose keys are pressed by the test; the terminal knows Ctrl-C and Ctrl-D.
 */
class ConversationTest {
  private static final int INTERRUPTED = 130;
  private static final String CTRL_C = "\u0003";
  private static final String CTRL_D = "\u0004";
  private static final String UP = "\u001b[A";
  private static final String ENDLESS = "repeat 5000 word\r";

  @RegisterExtension
  static final HubExtension HUB = new HubExtension().with("offline-pacing-ms", "20");

  @TempDir Path config;
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private HubExtension.User user;
  private PipedOutputStream keys;
  private Terminal terminal;
  private ParleyClient client;

  @BeforeEach
  void openTerminal() throws Exception {
    user = HUB.user(config);
    user.signUp();
    String key = user.run("profile", "show", "--secret").out().strip();
    client = ParleyClient.builder().url(HUB.url()).key(key).connect().get(20, TimeUnit.SECONDS);
    keys = new PipedOutputStream();
    terminal =
        new ExternalTerminal(
            "test", "ansi", new PipedInputStream(keys), screen, StandardCharsets.UTF_8);
  }

  @AfterEach
  void closeTerminal() throws Exception {
    client.close();
    keys.close();
    terminal.close();
  }

  @Test
  void ctrlCStopsTheReplyAndTheChatGoesOn() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    press(ENDLESS);
    awaitOnScreen("word word");
    press(CTRL_C);
    awaitOnScreen("(stopped");
    awaitPrompts(2);
    press("repeat 2 again\r");
    awaitOnScreen("again again");
    awaitPrompts(3);
    press("/quit\r");
    assertEquals(0, chat.get(20, TimeUnit.SECONDS));
    JsonNode session =
        client
            .request("chat.history", Json.object().put("sessionKey", "agent:main:main"))
            .get(20, TimeUnit.SECONDS);
    assertFalse(session.toString().contains("word ".repeat(4000)), "the run was stopped");
  }

  @Test
  void ctrlCAtThePromptLeavesWithTheExitCodeOfAnInterrupt() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    press("half a line");
    awaitOnScreen("half a line");
    press(CTRL_C);
    awaitPrompts(2);
    assertFalse(chat.isDone());
    press(CTRL_C);
    assertEquals(INTERRUPTED, chat.get(20, TimeUnit.SECONDS));
  }

  @Test
  void ctrlDAtThePromptLeaves() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    press(CTRL_D);
    assertEquals(0, chat.get(20, TimeUnit.SECONDS));
  }

  @Test
  void linesCanBeEditedAndRecalled() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    press("repeat 2 onx\u007fe\r");
    awaitOnScreen("one one");
    awaitPrompts(2);
    press(UP + "!\r");
    awaitOnScreen("one! one!");
    awaitPrompts(3);
    press("/history\r");
    awaitOnScreen("user: repeat 2 one!");
    press("/quit\r");
    assertEquals(0, chat.get(20, TimeUnit.SECONDS));
  }

  @Test
  void aRefusalIsShownAndTheChatGoesOn() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    press("/agent nobody\r");
    awaitOnScreen("! ");
    awaitPrompts(2);
    press("/unknown\r");
    awaitOnScreen("see /help");
    press("/quit\r");
    assertEquals(0, chat.get(20, TimeUnit.SECONDS));
  }

  @Test
  void whenTheKeyIsRevokedTheChatSaysSoAndEnds() throws Exception {
    CompletableFuture<Integer> chat = chat();
    awaitPrompts(1);
    String keyId = client.hello().json().at("/auth/keyId").asText();
    HubExtension.Ran other = user.run("keys", "create", "owner", "--json");
    assertEquals(0, other.exit(), other.err());
    user.environment().put("PARLEY_KEY", other.json().path("secret").asText());
    assertEquals(0, user.run("keys", "revoke", keyId).exit());
    client.ended().get(20, TimeUnit.SECONDS);
    press("hello\r");
    assertEquals(1, chat.get(20, TimeUnit.SECONDS));
    awaitOnScreen("unauthorized");
  }

  private CompletableFuture<Integer> chat() {
    Conversation conversation =
        new Conversation(client, Conversation.reader(terminal), new Style(false), "main", "main");
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return conversation.run();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private void press(String text) throws Exception {
    keys.write(text.getBytes(StandardCharsets.UTF_8));
    keys.flush();
  }

  private void awaitOnScreen(String text) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertTrue(shown().contains(text), shown()));
  }

  private void awaitPrompts(int prompts) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertTrue(shown().split("you> ", -1).length > prompts, shown()));
  }

  private String shown() {
    return screen.toString(StandardCharsets.UTF_8);
  }
}
