package dev.parley.hub.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class ChunkerTest {
  @Provide
  Arbitrary<String> markdown() {
    Arbitrary<String> line =
        Arbitraries.oneOf(
            Arbitraries.strings().alpha().ofMaxLength(60),
            Arbitraries.of("a", "bc", " ", "é", "😀", "\t")
                .list()
                .ofMaxSize(3_000)
                .map(parts -> String.join("", parts)),
            Arbitraries.strings().numeric().ofMaxLength(5).map(title -> "## " + title),
            Arbitraries.just(""));
    return line.list().ofMaxSize(60).map(lines -> String.join("\n", lines));
  }

  @Property(tries = 300)
  void theChunksAreTheTextWithoutGapsAndWithoutRepeats(@ForAll("markdown") String text) {
    StringBuilder whole = new StringBuilder();
    Chunker.chunks(text).forEach(chunk -> whole.append(chunk.text()));
    assertEquals(text.replaceAll("\\s", ""), whole.toString().replaceAll("\\s", ""));
  }

  @Property(tries = 300)
  void aChunkIsBoundedKnowsItsLinesAndIsNeverBlank(@ForAll("markdown") String text) {
    List<String> lines = text.lines().toList();
    int number = 0;
    for (Chunk chunk : Chunker.chunks(text)) {
      assertEquals(number++, chunk.number());
      assertTrue(chunk.text().length() <= Chunker.LONGEST, "of " + chunk.text().length());
      assertFalse(chunk.text().isBlank());
      assertTrue(chunk.startLine() <= chunk.endLine() && chunk.endLine() <= lines.size());
      String first = chunk.text().lines().findFirst().orElseThrow();
      assertTrue(lines.get(chunk.startLine() - 1).contains(first), first);
      assertFalse(Character.isLowSurrogate(chunk.text().charAt(0)), "half a character");
    }
  }

  @Test
  void aHeadingBeginsAChunkWhenTheOneBeforeHasEnough() {
    String before = "word ".repeat(100) + "\n";
    List<Chunk> chunks = Chunker.chunks(before + "# Next\nmore\n");
    assertEquals(2, chunks.size());
    assertEquals("# Next\nmore\n", chunks.get(1).text());
    assertEquals(2, chunks.get(1).startLine());
    assertEquals(3, chunks.get(1).endLine());
  }

  @Test
  void aTextOfHeadingsIsNotAChunkForEach() {
    assertTrue(Chunker.chunks("# a\n".repeat(10_000)).size() < 101);
  }
}
