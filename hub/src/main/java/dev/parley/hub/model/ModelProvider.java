package dev.parley.hub.model;

import java.util.List;
import java.util.function.Consumer;

/** Runs language models: the built-in offline one, or those behind a vendor's API. */
public interface ModelProvider {

  /** The part before the slash of {@code provider/model}, for example {@code openai}. */
  String name();

  /**
   * Starts a model on a request and returns at once.
   *
   * @param onText receives the text as it is made, piece by piece; called on the caller's Vert.x
   *     context, never after {@link ModelRun#reply()} is complete or {@link ModelRun#cancel()} was
   *     called on that context. What it throws ends the run with {@code internal}.
   */
  ModelRun start(ModelRequest request, Consumer<String> onText);

  /** The models known to work, without the provider's name; others may work too. */
  List<String> models();

  /**
   * The most tokens the prompt of this request can cost, for a reservation before the call; add
   * {@link ModelRequest#maxOutputTokens()} for the answer.
   */
  default long promptTokensAtMost(ModelRequest request) {
    return TokenEstimate.of(request);
  }
}
