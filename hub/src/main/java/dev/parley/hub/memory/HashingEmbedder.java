package dev.parley.hub.memory;

import java.text.Normalizer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The embedder that needs no model: the character 3- to 5-grams of each word, hashed into {@value
 * #DIMENSIONS} signed dimensions (feature hashing, Weinberger et al. 2009; subwords as in fastText,
 * Bojanowski et al. 2017). Texts are near each other when their words share parts, so that {@code
 * deploying} finds {@code deployments}; it knows nothing of meaning. The same text has the same
 * vector on every machine and in every version: the name changes when the vectors do.
 *
 * <p>Each distinct word weighs the root of how often it stands there, short words, which are mostly
 * grammar, a third of that, shared evenly among its parts.
 */
final class HashingEmbedder {
  static final String NAME = "hashing";
  static final int DIMENSIONS = 512;

  /**
   * Vectors less alike than this are as good as random: that is four times the deviation of the
   * cosine of random ones, 1/√512, less a quarter, for chunks are longer than queries.
   */
  static final double LEAST_COSINE = 0.13;

  private static final int SHORTEST_GRAM = 3;
  private static final int LONGEST_GRAM = 5;
  private static final int SHORT_WORD = 3;
  private static final double SHORT_WEIGHT = 0.3;
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private HashingEmbedder() {}

  /** The text's vector, of length 1; null when the text has neither letters nor digits. */
  static float @Nullable [] embed(String text) {
    double[] sums = new double[DIMENSIONS];
    words(text).forEach((word, count) -> add(sums, word, count));
    double square = 0;
    for (double sum : sums) {
      square += sum * sum;
    }
    if (square == 0) {
      return null;
    }
    double length = Math.sqrt(square);
    float[] vector = new float[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) (sums[i] / length);
    }
    return vector;
  }

  private static void add(double[] sums, String word, int count) {
    String padded = "<" + word + ">";
    int grams = 1;
    for (int n = SHORTEST_GRAM; n <= LONGEST_GRAM; n++) {
      grams += Math.max(0, padded.length() - n + 1);
    }
    double weight =
        (word.length() <= SHORT_WORD ? SHORT_WEIGHT : 1) * Math.sqrt((double) count / grams);
    add(sums, padded, 0, padded.length(), weight);
    for (int n = SHORTEST_GRAM; n <= LONGEST_GRAM; n++) {
      for (int i = 0; i + n <= padded.length(); i++) {
        add(sums, padded, i, i + n, weight);
      }
    }
  }

  private static void add(double[] sums, String text, int from, int to, double weight) {
    long hash = FNV_OFFSET;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text.charAt(i)) * FNV_PRIME;
    }
    hash ^= hash >>> 32;
    hash *= 0x9e3779b97f4a7c15L;
    int place = (int) (hash >>> 40) & (DIMENSIONS - 1);
    sums[place] += hash < 0 ? -weight : weight;
  }

  /** The words in the order in which they first come, without case and accents. */
  private static Map<String, Integer> words(String text) {
    String plain = Normalizer.normalize(text, Normalizer.Form.NFKD).toLowerCase(Locale.ROOT);
    Map<String, Integer> words = new LinkedHashMap<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < plain.length(); ) {
      int c = plain.codePointAt(i);
      i += Character.charCount(c);
      if (Character.isLetterOrDigit(c)) {
        word.appendCodePoint(c);
      } else if (Character.getType(c) != Character.NON_SPACING_MARK && !word.isEmpty()) {
        words.merge(word.toString(), 1, Integer::sum);
        word.setLength(0);
      }
    }
    if (!word.isEmpty()) {
      words.merge(word.toString(), 1, Integer::sum);
    }
    return words;
  }
}
