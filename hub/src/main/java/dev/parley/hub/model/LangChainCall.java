package dev.parley.hub.model;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.anthropic.AnthropicTokenUsage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of a provider with its retries. All of it happens on the caller's context: the exchange
 * delivers there, and the library calls back from inside the exchange.
 *
 * <p>A request is sent again only when the provider has not taken it on; what it has begun to
 * answer may be charged, and a reservation covers one prompt.
 */
final class LangChainCall {
  private final LangChainModels models;
  private final ProviderEndpoint endpoint;
  private final Exchanges exchanges;
  private final Retry retry;
  private final ModelRequest request;
  private final StreamingRun run;
  private final long promptAtMost;
  private final StringBuilder text = new StringBuilder();
  private long bytes;
  private int attempts;

  LangChainCall(
      LangChainModels models,
      Exchanges exchanges,
      Retry retry,
      ModelRequest request,
      StreamingRun run) {
    this.models = models;
    this.endpoint = models.endpoint();
    this.exchanges = exchanges;
    this.retry = retry;
    this.request = request;
    this.run = run;
    this.promptAtMost = TokenEstimate.of(request);
  }

  /** Makes the exchange of one attempt; see {@link ProviderExchange}. */
  interface Exchanges {
    ProviderExchange make(Duration idleTimeout, Runnable onClosed);
  }

  void attempt() {
    attempts++;
    new Attempt().begin();
  }

  /** Counts what the model wrote, whether it is shown or not. */
  private void count(@Nullable String written) {
    bytes += written == null ? 0 : TokenEstimate.bytes(written);
    run.use(counted());
  }

  private TokenUsage counted() {
    return new TokenUsage(promptAtMost, Math.min(bytes, request.maxOutputTokens()), false);
  }

  private final class Attempt implements StreamingChatResponseHandler {
    private final ProviderExchange exchange = exchanges.make(request.timeout(), this::closed);

    void begin() {
      run.onEnd(exchange::cancel);
      count("");
      models.streaming(request, exchange).chat(models.chatRequest(request), this);
    }

    @Override
    public void onPartialResponse(String piece) {
      run.now(
          () -> {
            text.append(piece);
            count(piece);
            run.text(piece);
          });
    }

    @Override
    public void onPartialThinking(PartialThinking thinking) {
      count(thinking.text());
    }

    @Override
    public void onPartialToolCall(PartialToolCall call) {
      count(call.partialArguments());
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      run.now(() -> complete(response));
    }

    @Override
    public void onError(Throwable failure) {
      run.now(() -> failed(ProviderFailure.of(endpoint, request.model(), failure)));
    }

    private void closed() {
      run.now(() -> failed(ProviderFailure.brokenOff(endpoint)));
    }

    private void failed(ProviderFailure failure) {
      if (exchange.accepted()) {
        run.fail(toldBy(failure.worthRetrying() ? ProviderFailure.brokenOff(endpoint) : failure));
        return;
      }
      run.use(TokenUsage.NONE);
      long pauseMs = retry.pauseMs(attempts, exchange.retryAfterMs());
      if (failure.worthRetrying() && pauseMs >= 0 && pauseMs < run.remainingMs()) {
        run.after(pauseMs, LangChainCall.this::attempt);
      } else {
        run.fail(toldBy(failure));
      }
    }

    private ParleyException toldBy(ProviderFailure failure) {
      ParleyException error = failure.error().with("provider", endpoint.vendor().wireName());
      return exchange.retryAfterMs() < 0 ? error : error.retryAfter(exchange.retryAfterMs());
    }

    private void complete(ChatResponse response) {
      FinishReason finish = response.finishReason();
      AiMessage message = response.aiMessage();
      boolean cut = finish == FinishReason.LENGTH || finish == FinishReason.CONTENT_FILTER;
      List<ToolCall> calls =
          cut ? List.of() : LangChainMessages.calls(message, "call_" + request.messages().size());
      if (finish == null && !isComplete(calls)) {
        failed(ProviderFailure.brokenOff(endpoint));
        return;
      }
      run.onEnd(exchange::finish);
      TokenUsage usage = usage(response.tokenUsage(), calls);
      run.succeed(new ModelReply(text.toString(), calls, usage, reason(finish, calls)));
    }

    /** Whether an answer that ended for no known reason did end. */
    private boolean isComplete(List<ToolCall> calls) {
      boolean saidSo = endpoint.vendor() != Vendor.OPENAI || exchange.saidDone();
      return saidSo && (!text.isEmpty() || !calls.isEmpty());
    }

    private TokenUsage usage(
        dev.langchain4j.model.output.@Nullable TokenUsage reported, List<ToolCall> calls) {
      bytes = Math.max(bytes, TokenEstimate.ofOutput(text.toString(), calls));
      if (reported == null
          || reported.inputTokenCount() == null
          || reported.outputTokenCount() == null) {
        return counted();
      }
      long input = reported.inputTokenCount() + cached(reported);
      long made = reported.outputTokenCount();
      boolean credible =
          input > 0 && input <= promptAtMost && made >= 0 && made <= request.maxOutputTokens();
      return credible ? new TokenUsage(input, made, true) : counted();
    }
  }

  /** Anthropic counts what it read from or wrote to its cache apart from the input. */
  private static long cached(dev.langchain4j.model.output.TokenUsage usage) {
    if (usage instanceof AnthropicTokenUsage anthropic) {
      return orZero(anthropic.cacheCreationInputTokens())
          + orZero(anthropic.cacheReadInputTokens());
    }
    return 0;
  }

  private static long orZero(@Nullable Integer tokens) {
    return tokens == null ? 0 : tokens;
  }

  private static StopReason reason(FinishReason finish, List<ToolCall> calls) {
    return switch (finish) {
      case LENGTH -> StopReason.LENGTH;
      case CONTENT_FILTER -> StopReason.CONTENT_FILTER;
      case STOP, TOOL_EXECUTION, OTHER -> calls.isEmpty() ? StopReason.STOP : StopReason.TOOL_CALLS;
    };
  }
}
