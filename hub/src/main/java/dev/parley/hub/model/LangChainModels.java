package dev.parley.hub.model;

import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

/** LangChain4j's model and request of each vendor. */
record LangChainModels(ProviderEndpoint endpoint) {

  /** A model for one exchange; cheap, as it holds no connection. */
  StreamingChatModel streaming(ModelRequest request, HttpClientBuilder http) {
    return switch (endpoint.vendor()) {
      case OPENAI ->
          new OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder()
              .httpClientBuilder(http)
              .baseUrl(endpoint.baseUrl())
              .apiKey(endpoint.apiKey())
              .returnThinking(true)
              .build();
      case ANTHROPIC ->
          new AnthropicStreamingChatModel.AnthropicStreamingChatModelBuilder()
              .httpClientBuilder(http)
              .baseUrl(endpoint.baseUrl())
              .apiKey(endpoint.apiKey())
              .modelName(request.model())
              .build();
      case OLLAMA ->
          new OllamaStreamingChatModel.OllamaStreamingChatModelBuilder()
              .httpClientBuilder(http)
              .baseUrl(endpoint.baseUrl())
              .returnThinking(true)
              .customHeaders(endpoint.bearer())
              .build();
    };
  }

  ChatRequest chatRequest(ModelRequest request) {
    return ChatRequest.builder()
        .messages(LangChainMessages.messages(request))
        .parameters(parameters(request))
        .build();
  }

  /**
   * OpenAI itself wants {@code max_completion_tokens}, which bounds hidden reasoning too; servers
   * that speak its protocol know {@code max_tokens}.
   */
  private ChatRequestParameters parameters(ModelRequest request) {
    boolean openAi =
        endpoint.vendor() == Vendor.OPENAI && endpoint.baseUrl().equals(Vendor.OPENAI.baseUrl());
    if (openAi) {
      return OpenAiChatRequestParameters.builder()
          .modelName(request.model())
          .maxCompletionTokens(request.maxOutputTokens())
          .toolSpecifications(LangChainMessages.tools(request))
          .build();
    }
    return ChatRequestParameters.builder()
        .modelName(request.model())
        .maxOutputTokens(request.maxOutputTokens())
        .toolSpecifications(LangChainMessages.tools(request))
        .build();
  }
}
