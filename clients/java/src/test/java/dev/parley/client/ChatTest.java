package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ChatTest {
  private static final String LONG = "repeat 60 word";
  private static final String ENDLESS = "repeat 5000 word";

  @RegisterExtension
  static final HubExtension HUB = new HubExtension().with("offline-pacing-ms", "20");

  private final List<String> told = new CopyOnWriteArrayList<>();

  @Test
  void aReplyIsToldAsItComesAndThenWhole() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatReply reply = get(client.chat(ChatRequest.of("main", LONG), told::add).reply());
      assertTrue(told.size() > 10, told::toString);
      assertEquals(reply.text(), String.join("", told));
    }
  }

  @Test
  void theToolsThatAnAgentUsesAreTold() throws Exception {
    List<String> tools = new CopyOnWriteArrayList<>();
    ChatListener listener =
        new ChatListener() {
          @Override
          public void onText(String delta) {
            told.add(delta);
          }

          @Override
          public void onToolStarted(String tool, JsonNode arguments) {
            tools.add("start " + tool + " " + arguments.path("path").asText());
          }

          @Override
          public void onToolEnded(String tool, boolean failed, JsonNode result) {
            tools.add("end " + tool + " " + failed);
          }
        };
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      get(client.chat(ChatRequest.of("main", "write price.txt: 42"), listener).reply());
      assertEquals(2, tools.size(), tools::toString);
      assertTrue(tools.get(0).endsWith("price.txt"), tools::toString);
      assertTrue(tools.get(1).endsWith("false"), tools::toString);
    }
  }

  @Test
  void anAbortedRunEndsAsCancelled() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatRun run = client.chat(ChatRequest.of("main", ENDLESS), told::add);
      await().until(() -> !told.isEmpty());
      get(run.abort());
      assertRefused(ErrorCode.CANCELLED, run.reply());
      assertEquals("aborted", statusOf(client, run));
    }
  }

  @Test
  void whoCancelsTheReplyStopsTheRunAtTheHub() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatRun run = client.chat(ChatRequest.of("main", ENDLESS), told::add);
      await().until(() -> !told.isEmpty());
      run.reply().cancel(false);
      await().untilAsserted(() -> assertEquals("aborted", statusOf(client, run)));
    }
  }

  @Test
  void aRunThatTakesTooLongIsStoppedAndFails() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatRequest request = ChatRequest.of("main", ENDLESS).timeout(Duration.ofMillis(500));
      ChatRun run = client.chat(request, told::add);
      assertRefused(ErrorCode.DEADLINE_EXCEEDED, run.reply());
      await().untilAsserted(() -> assertTrue(!statusOf(client, run).equals("timeout")));
    }
  }

  @Test
  void theSameRunIsNotFollowedTwice() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatRequest request = ChatRequest.of("main", LONG);
      ChatRun first = client.chat(request, told::add);
      assertRefused(ErrorCode.CONFLICT, client.chat(request, ChatListener.NONE).reply());
      get(first.reply());
    }
  }

  @Test
  void aReplyIsToldWholeAndOnceThroughSeveralCuts() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, HUB.signUp()))) {
      ChatRun run = client.chat(ChatRequest.of("main", LONG), told::add);
      for (int cuts = 1; cuts <= 3; cuts++) {
        int heard = told.size();
        await().until(() -> told.size() > heard + 3);
        link.cut();
      }
      ChatReply reply = get(run.reply());
      assertEquals(60, reply.text().split("word", -1).length - 1, reply.text());
      assertEquals(reply.text(), String.join("", told));
    }
  }

  @Test
  void aReplyThatEndedWhileTheClientWasAwayIsTold() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient watcher = get(HUB.client(tenant).connect());
        ParleyClient client = get(over(link, tenant))) {
      ChatRun run = client.chat(ChatRequest.of("main", LONG), told::add);
      await().until(() -> !told.isEmpty());
      link.goAway();
      await().untilAsserted(() -> assertEquals("ok", statusOf(watcher, run)));
      link.comeBack();
      assertEquals(get(run.reply()).text(), String.join("", told));
    }
  }

  @Test
  void aMessageIsSaidOnceThoughItsAnswerWasLost() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient watcher = get(HUB.client(tenant).connect());
        ParleyClient client = get(over(link, tenant))) {
      link.swallowAnswers();
      ChatRun run = client.chat(ChatRequest.of("main", "repeat 3 word"), told::add);
      await().untilAsserted(() -> assertEquals("ok", statusOf(watcher, run)));
      link.cut();
      link.comeBack();
      assertEquals(get(run.reply()).text(), String.join("", told));
      JsonNode history =
          get(watcher.request("chat.history", Map.of("sessionKey", "agent:main:main")));
      assertEquals(2, history.path("messages").size(), history::toString);
    }
  }

  @Test
  void aRunThatItsHubDidNotSurviveFailsAndIsNotWaitedForInVain() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      ChatRun run = client.chat(ChatRequest.of("main", ENDLESS), told::add);
      await().until(() -> !told.isEmpty());
      HUB.stop();
      HUB.start();
      CompletableFuture<ChatReply> reply = run.reply();
      await().until(reply::isCompletedExceptionally);
      get(client.chat(ChatRequest.of("main", "repeat 2 again"), ChatListener.NONE).reply());
    }
  }

  private static CompletableFuture<ParleyClient> over(CuttableLink link, Tenant tenant) {
    return HubExtension.quick(ParleyClient.builder()).url(link.url()).key(tenant.key()).connect();
  }

  private static String statusOf(ParleyClient client, ChatRun run) throws Exception {
    return get(client.request("agent.wait", Map.of("runId", run.runId(), "timeoutMs", 1)))
        .path("status")
        .asText();
  }
}
