package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the platform charges for the models it has a key for. A model has its own price, else that
 * of {@code provider/*}, else that of {@code *}: a model nobody has priced is dear, not free.
 */
public final class ModelPrices {
  private static final Pattern SETTING =
      Pattern.compile("\\s*(\\S+)\\s*=\\s*([0-9]{1,9})\\s*/\\s*([0-9]{1,9})\\s*");

  private final Map<String, ModelPrice> prices;

  private ModelPrices(Map<String, ModelPrice> prices) {
    this.prices = Map.copyOf(prices);
  }

  /** Free where no vendor asks for money; else 1,500 and 7,500 millicents for 1,000 tokens. */
  public static ModelPrices defaults() {
    return new ModelPrices(
        Map.of(
            OfflineProvider.NAME + "/*",
            ModelPrice.FREE,
            Vendor.OLLAMA.wireName() + "/*",
            ModelPrice.FREE,
            "*",
            new ModelPrice(1_500, 7_500)));
  }

  /**
   * These prices with those of a setting, for example {@code
   * openai/gpt-5=125/1000,openai/*=500/2000}: millicents for 1,000 tokens of prompt and answer.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code modelPrices}
   */
  public ModelPrices with(String setting) {
    Map<String, ModelPrice> changed = new HashMap<>(prices);
    for (String part : setting.split(",", -1)) {
      Matcher price = SETTING.matcher(part);
      if (price.matches()) {
        changed.put(
            price.group(1),
            new ModelPrice(Long.parseLong(price.group(2)), Long.parseLong(price.group(3))));
      } else if (!part.isBlank()) {
        throw ParleyException.invalid(
            "modelPrices", "a model price is provider/model=input/output, got " + part.strip());
      }
    }
    return new ModelPrices(changed);
  }

  /**
   * The price of a model.
   *
   * @param id {@code provider/model}
   */
  public ModelPrice of(String id) {
    ModelPrice own = prices.get(id);
    if (own != null) {
      return own;
    }
    ModelPrice provider = prices.get(id.substring(0, id.indexOf('/') + 1) + "*");
    return provider != null ? provider : prices.getOrDefault("*", ModelPrice.FREE);
  }
}
