package dev.parley.hub.model;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.frame.Json;
import java.util.List;

/**
 * The offline model's tokenizer: a token is a run of at most {@value #LONGEST} letters and digits,
 * or one other character that is no white space. Deterministic, and never more than {@link
 * TokenEstimate} says.
 */
final class OfflineTokens {
  static final int LONGEST = 16;

  private OfflineTokens() {}

  static long count(String text) {
    long tokens = 0;
    int at = skipSpace(text, 0);
    while (at < text.length()) {
      tokens++;
      at = skipSpace(text, endOfToken(text, at));
    }
    return tokens;
  }

  static long ofPrompt(ModelRequest request) {
    long tokens = count(request.system());
    for (ModelMessage message : request.messages()) {
      tokens += ofMessage(message);
    }
    for (ToolSpec tool : request.tools()) {
      tokens += count(tool.name()) + count(tool.description()) + countJson(tool.parameters());
    }
    return tokens;
  }

  static long ofCalls(List<ToolCall> calls) {
    return calls.stream().mapToLong(call -> count(call.name()) + countJson(call.arguments())).sum();
  }

  /** The end of the piece that is streamed next: a word and what sticks to it. */
  static int endOfPiece(String text, int from, long maxTokens) {
    int at = skipSpace(text, from);
    long tokens = 0;
    while (at < text.length() && tokens < Math.min(maxTokens, LONGEST)) {
      at = endOfToken(text, at);
      tokens++;
      if (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        return skipSpace(text, at);
      }
    }
    return at;
  }

  private static long ofMessage(ModelMessage message) {
    if (message instanceof UserText user) {
      return count(user.text());
    }
    if (message instanceof AssistantTurn turn) {
      return count(turn.text()) + ofCalls(turn.calls());
    }
    return count(((ToolResult) message).content());
  }

  private static long countJson(Object json) {
    return count(Json.write(json));
  }

  private static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static int endOfToken(String text, int from) {
    int at = from;
    while (at < text.length()
        && at - from < LONGEST
        && Character.isLetterOrDigit(text.charAt(at))) {
      at++;
    }
    if (at > from) {
      return at;
    }
    return from + Character.charCount(text.codePointAt(from));
  }
}
