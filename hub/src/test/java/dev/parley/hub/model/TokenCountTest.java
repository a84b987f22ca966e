package dev.parley.hub.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

class TokenCountTest {

  @Property
  void theEstimateIsNeverBelowTheOfflineCount(
      @ForAll String system, @ForAll String said, @ForAll String result, @ForAll String argument) {
    ToolCall call = new ToolCall("call_1", "read_file", Json.object().put("path", argument));
    ModelRequest request =
        new ModelRequest(
            "parley-1",
            system,
            List.of(
                new UserText(said),
                new AssistantTurn(said, List.of(call)),
                new ToolResult("call_1", "read_file", result, false)),
            List.of(new ToolSpec("read_file", said, Json.object().put("title", argument))),
            10,
            Duration.ofSeconds(1));

    assertTrue(OfflineTokens.ofPrompt(request) <= TokenEstimate.of(request));
    assertTrue(
        said.getBytes(StandardCharsets.UTF_8).length <= TokenEstimate.bytes(said),
        "a token stands for at least a byte");
  }

  @Property
  void thePiecesOfATextAreTheTextAndItsTokens(
      @ForAll @StringLength(max = 400) String text,
      @ForAll @IntRange(min = 1, max = 50) int limit) {
    StringBuilder spoken = new StringBuilder();
    long tokens = 0;
    int at = 0;
    while (at < text.length() && tokens < limit) {
      int end = OfflineTokens.endOfPiece(text, at, limit - tokens);
      assertTrue(end > at, "no progress at " + at);
      tokens += OfflineTokens.count(text.substring(at, end));
      spoken.append(text, at, end);
      at = end;
    }

    assertTrue(text.startsWith(spoken.toString()));
    assertEquals(Math.min(limit, OfflineTokens.count(text)), tokens);
  }
}
