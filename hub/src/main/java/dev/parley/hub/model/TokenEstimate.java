package dev.parley.hub.model;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.frame.Json;
import java.util.List;

/**
 * Upper bounds of token counts, without the provider's tokenizer.
 *
 * <p>The tokenizers of today's models are byte-level BPE, or SentencePiece that falls back to
 * bytes: each token stands for at least one byte of UTF-8, so the bytes of a text bound its tokens.
 * Around the text providers add role markers (3 to 8 tokens a message) and, with tools, a prompt of
 * their own (Anthropic documents 264 to 804 tokens); the constants below are above all of them.
 * English text has about four bytes a token, so a reservation made from this is some four times too
 * large and is given back when the call has ended.
 */
public final class TokenEstimate {
  static final int PER_REQUEST = 16;
  static final int PER_MESSAGE = 16;
  static final int PER_TOOL = 32;
  static final int TOOL_PROMPT = 1024;

  private TokenEstimate() {}

  /** The most tokens the prompt of this request can have. */
  public static long of(ModelRequest request) {
    long tokens = PER_REQUEST + PER_MESSAGE + bytes(request.system());
    for (ModelMessage message : request.messages()) {
      tokens += PER_MESSAGE + of(message);
    }
    for (ToolSpec tool : request.tools()) {
      tokens +=
          PER_TOOL
              + bytes(tool.name())
              + bytes(tool.description())
              + bytes(Json.write(tool.parameters()));
    }
    return request.tools().isEmpty() ? tokens : tokens + TOOL_PROMPT;
  }

  private static long of(ModelMessage message) {
    if (message instanceof UserText user) {
      return bytes(user.text());
    }
    if (message instanceof AssistantTurn turn) {
      return ofOutput(turn.text(), turn.calls());
    }
    ToolResult result = (ToolResult) message;
    return bytes(result.callId()) + bytes(result.tool()) + bytes(result.content());
  }

  /** The most tokens of an answer with this text and these calls. */
  static long ofOutput(String text, List<ToolCall> calls) {
    long tokens = bytes(text);
    for (ToolCall call : calls) {
      tokens +=
          PER_TOOL + bytes(call.id()) + bytes(call.name()) + bytes(Json.write(call.arguments()));
    }
    return tokens;
  }

  /** At least the length in UTF-8, whatever becomes of lone surrogates. */
  static long bytes(String text) {
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes += 1;
      } else if (c < 0x800) {
        bytes += 2;
      } else {
        bytes += 3;
      }
    }
    return bytes;
  }
}
