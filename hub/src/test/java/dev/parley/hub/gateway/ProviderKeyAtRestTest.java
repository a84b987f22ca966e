package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.model.ProviderServer;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A tenant's provider key: used, and to be found nowhere. */
class ProviderKeyAtRestTest {
  /** Short enough to survive being cut up by Redis's compression. */
  private static final int PIECE = 12;

  private static final Set<String> FAILURES = Set.of("agent_failed", "unavailable");

  private final String secret =
      "sk-" + UUID.randomUUID().toString().replace("-", "") + UUID.randomUUID();

  private List<String> tracks() {
    byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
    List<String> tracks = new ArrayList<>();
    for (String form :
        List.of(
            secret, Base64.getEncoder().encodeToString(bytes), HexFormat.of().formatHex(bytes))) {
      for (int at = 0; at + PIECE <= form.length(); at++) {
        tracks.add(form.substring(at, at + PIECE));
      }
    }
    return tracks;
  }

  private void isNotIn(String text, String where) {
    for (String track : tracks()) {
      assertFalse(text.contains(track), "a piece of the key is in " + where);
    }
  }

  @Test
  void itIsInNoFileNoLogAndNoAnswerAlsoWhenTheProviderRepeatsIt() throws IOException {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level level = root.getLevel();
    root.setLevel(Level.DEBUG);
    log.start();
    root.addAppender(log);
    Vertx vertx = Vertx.vertx();
    HubExtension hub = HubExtension.with("private-providers", "true").start();
    try (ProviderServer provider = new ProviderServer(vertx)) {
      String body = "{\"error\":{\"message\":\"Incorrect API key provided: " + secret + "\"}}";
      provider.thenStatus(401, body).thenStatus(500, body);
      Member owner = hub.signUp();
      JsonNode set =
          hub.succeed(
              "PUT",
              "/v1/providers/openai",
              owner.key(),
              Json.object().put("apiKey", secret).put("baseUrl", provider.url()));
      isNotIn(set.toString(), "the answer");
      isNotIn(hub.get("/v1/providers", owner.key()).text(), "the list of providers");
      hub.succeed(
          "PATCH", "/v1/agents/main", owner.key(), Json.object().put("model", "openai/any"));
      for (int i = 0; i < 2; i++) {
        Answer answer =
            hub.rest(
                "POST",
                "/v1/calls",
                owner.key(),
                Json.object().put("to", owner.agent("main")).put("payload", "hello"));
        assertTrue(FAILURES.contains(answer.errorCode()), answer.text());
        isNotIn(answer.text(), "the failure");
      }
      assertTrue(provider.credentials.contains("Bearer " + secret), "it was used");

      hub.stop();
      assertTrue(everythingUnder(hub.data(), provider.url()), "the scan sees what is stored");
    } finally {
      root.detachAppender(log);
      root.setLevel(level);
      hub.close();
      vertx.close();
    }
    for (ILoggingEvent event : List.copyOf(log.list)) {
      isNotIn(event.getFormattedMessage(), "the log of " + event.getLoggerName());
      if (event.getThrowableProxy() != null) {
        isNotIn(String.valueOf(event.getThrowableProxy().getMessage()), "a logged failure");
      }
    }
  }

  /** Looks through all files; answers whether one has the text that is stored in clear. */
  private boolean everythingUnder(Path data, String inClear) throws IOException {
    boolean seen = false;
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        isNotIn(text, file.toString());
        seen |= text.contains(inClear);
      }
    }
    return seen;
  }
}
