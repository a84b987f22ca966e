package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The built-in model {@code offline/parley-1}: no network, deterministic, and honest about having
 * no knowledge. It follows the commands of {@link OfflineGrammar}, streams word by word, each in a
 * turn of its own of the event loop, and keeps the timeout and token limit as a real one would.
 */
public final class OfflineProvider implements ModelProvider {
  public static final String NAME = "offline";
  public static final String MODEL = "parley-1";

  /** The longest that pacing may stretch one answer. */
  static final Duration LONGEST_PACE = Duration.ofSeconds(3);

  private final Vertx vertx;
  private final Duration perWord;

  /**
   * Builds the provider.
   *
   * @param perWord the pause after each word, so that a person sees the text come; 0 for none, at
   *     most 1 s. A long answer pauses less: all pauses together stay below 3 s.
   */
  public OfflineProvider(Vertx vertx, Duration perWord) {
    if (perWord.isNegative() || perWord.compareTo(Duration.ofSeconds(1)) > 0) {
      throw ParleyException.invalid(
          "perWord", "the pause per word must be from 0 to 1 s, got " + perWord);
    }
    this.vertx = vertx;
    this.perWord = perWord;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<String> models() {
    return List.of(MODEL);
  }

  @Override
  public long promptTokensAtMost(ModelRequest request) {
    return OfflineTokens.ofPrompt(request);
  }

  @Override
  public ModelRun start(ModelRequest request, Consumer<String> onText) {
    return StreamingRun.start(vertx, request.timeout(), onText, run -> answer(request, run));
  }

  private void answer(ModelRequest request, StreamingRun run) {
    if (!request.model().equals(MODEL)) {
      throw ParleyException.invalid(
          "model", "the offline provider has one model, %s/%s".formatted(NAME, MODEL));
    }
    long input = OfflineTokens.ofPrompt(request);
    run.use(new TokenUsage(input, 0, true));
    OfflineMind.Thought thought = OfflineMind.about(request);
    if (thought.calls().isEmpty()) {
      new Speech(run, thought.text(), input, request.maxOutputTokens()).begin();
      return;
    }
    long output = OfflineTokens.ofCalls(thought.calls());
    if (output > request.maxOutputTokens()) {
      TokenUsage usage = new TokenUsage(input, request.maxOutputTokens(), true);
      run.succeed(new ModelReply("", List.of(), usage, StopReason.LENGTH));
    } else {
      TokenUsage usage = new TokenUsage(input, output, true);
      run.succeed(new ModelReply("", thought.calls(), usage, StopReason.TOOL_CALLS));
    }
  }

  /** A text on its way out. */
  private final class Speech {
    private final StreamingRun run;
    private final String text;
    private final long input;
    private final int maxTokens;
    private final long pauseMs;
    private int at;
    private long spoken;

    Speech(StreamingRun run, String text, long input, int maxTokens) {
      this.run = run;
      this.text = text;
      this.input = input;
      this.maxTokens = maxTokens;
      long words = Math.max(1, Math.min(maxTokens, OfflineTokens.count(text)));
      this.pauseMs = Math.min(perWord.toMillis(), LONGEST_PACE.toMillis() / words);
    }

    void begin() {
      run.after(0, this::speak);
    }

    private void speak() {
      if (at == text.length() || spoken == maxTokens) {
        StopReason reason = at == text.length() ? StopReason.STOP : StopReason.LENGTH;
        run.succeed(new ModelReply(text.substring(0, at), List.of(), usage(), reason));
        return;
      }
      int end = OfflineTokens.endOfPiece(text, at, maxTokens - spoken);
      String piece = text.substring(at, end);
      at = end;
      spoken += OfflineTokens.count(piece);
      run.use(usage());
      run.text(piece);
      run.after(pauseMs, this::speak);
    }

    private TokenUsage usage() {
      return new TokenUsage(input, spoken, true);
    }
  }
}
