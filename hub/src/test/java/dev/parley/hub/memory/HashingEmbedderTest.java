package dev.parley.hub.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class HashingEmbedderTest {
  private static double cosine(String one, String other) {
    float[] a = Objects.requireNonNull(HashingEmbedder.embed(one));
    float[] b = Objects.requireNonNull(HashingEmbedder.embed(other));
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }

  @Property(tries = 500)
  void aVectorHasLengthOneAndIsTheSameEachTime(@ForAll String text) {
    float[] vector = HashingEmbedder.embed(text);
    assertArrayEquals(vector, HashingEmbedder.embed(text));
    if (vector != null) {
      assertEquals(HashingEmbedder.DIMENSIONS, vector.length);
      assertEquals(1, cosine(text, text), 1e-5);
    }
  }

  @Property(tries = 200)
  void theOrderOfWordsTheirCaseAndWhatIsBetweenThemDoNotMatter(
      @ForAll @Size(min = 1, max = 20)
          List<@AlphaChars @StringLength(min = 1, max = 12) String> words) {
    List<String> turned = new ArrayList<>(words);
    Collections.reverse(turned);
    String one = String.join(" ", words);
    assertEquals(
        1, cosine(one, String.join(", ", turned).toLowerCase(java.util.Locale.ROOT)), 1e-5);
  }

  @Test
  void aTextWithoutLettersAndDigitsHasNoVector() {
    assertNull(HashingEmbedder.embed(""));
    assertNull(HashingEmbedder.embed(" --- *** \n\n ..."));
  }

  @Test
  void wordsThatShareTheirPartsAreNearAndOthersAreFar() {
    assertTrue(cosine("deployment", "deployments") > 0.6);
    assertTrue(cosine("deploying", "deployments") > HashingEmbedder.LEAST_COSINE);
    assertTrue(cosine("Zürich", "zurich") > 0.99, "accents");
    String[] strangers = {"banana", "quarterly", "xylophone", "invoice", "hedgehog", "Grönland"};
    for (String stranger : strangers) {
      assertTrue(Math.abs(cosine("deployment", stranger)) < HashingEmbedder.LEAST_COSINE, stranger);
    }
  }

  /** The vectors are kept in indexes: when this changes, the embedder needs another name. */
  @Test
  void theVectorsAreThoseOfTheFirstVersion() {
    float[] vector = Objects.requireNonNull(HashingEmbedder.embed("Parley remembers"));
    int hash = java.util.Arrays.hashCode(vector);
    assertEquals(-54_410_373, hash);
  }
}
