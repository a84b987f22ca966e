package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Locale;

/** The kinds of model API that are spoken. */
public enum Vendor {
  /** The chat completions of OpenAI, which many other servers speak too. */
  OPENAI("https://api.openai.com/v1", List.of("gpt-5.2", "gpt-5", "gpt-5-mini", "gpt-4.1-mini")),
  /** The messages API of Anthropic. */
  ANTHROPIC(
      "https://api.anthropic.com/v1",
      List.of("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")),
  /** A server of Ollama; it needs no key. */
  OLLAMA("http://localhost:11434", List.of("qwen3", "llama3.2"));

  private final String wireName = name().toLowerCase(Locale.ROOT);
  private final String baseUrl;
  private final List<String> models;

  Vendor(String baseUrl, List<String> models) {
    this.baseUrl = baseUrl;
    this.models = models;
  }

  /** The name in {@code provider/model}, for example {@code openai}. */
  public String wireName() {
    return wireName;
  }

  /** Where the vendor's own service is. */
  public String baseUrl() {
    return baseUrl;
  }

  /** Models known to work with tools; the vendor may have others. */
  public List<String> models() {
    return models;
  }

  /**
   * The vendor of this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code provider}
   */
  public static Vendor of(String name) {
    for (Vendor vendor : values()) {
      if (vendor.wireName.equals(name)) {
        return vendor;
      }
    }
    throw ParleyException.invalid("provider", "provider must be openai, anthropic or ollama");
  }
}
