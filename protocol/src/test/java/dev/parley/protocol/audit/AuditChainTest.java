package dev.parley.protocol.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AuditChainTest {
  private record Row(String text, String hash) {}

  private static List<Row> chain(int count) {
    List<Row> rows = new ArrayList<>();
    String hash = AuditChain.START;
    for (int i = 1; i <= count; i++) {
      String text = "{\"seq\":%d,\"operation\":\"keys.create\",\"by\":\"acme-%d\"}".formatted(i, i);
      hash = AuditChain.hash(hash, text);
      rows.add(new Row(text, hash));
    }
    return rows;
  }

  private static Optional<String> verify(List<Row> rows) {
    AuditChain chain = new AuditChain();
    return rows.stream()
        .map(row -> chain.append(row.text, row.hash))
        .flatMap(Optional::stream)
        .findFirst();
  }

  @Test
  void hashesAreThoseThatOthersCompute() {
    // printf '%s\n%s' "$(printf '0%.0s' {1..64})" '{"seq":1}' | sha256sum
    assertEquals(
        "a453da8151216b5ae0a15c5377bc79da35cc4f629a9e9a3dcab70bf0b485609a",
        AuditChain.hash(AuditChain.START, "{\"seq\":1}"));
  }

  @Test
  void aChainIsGoodFromItsStartAndFromTheMiddle() {
    List<Row> rows = chain(5);
    assertEquals(Optional.empty(), verify(rows));
    AuditChain late = new AuditChain(4, rows.get(2).hash);
    assertEquals(Optional.empty(), late.append(rows.get(3).text, rows.get(3).hash));
    assertEquals(rows.get(3).hash, late.head());
    assertEquals(5, late.next());
  }

  @Property(tries = 200)
  void aChangedEntryShows(
      @ForAll @IntRange(min = 1, max = 20) int count, @ForAll @IntRange(max = 19) int which) {
    List<Row> rows = chain(count);
    int place = which % count;
    Row row = rows.get(place);
    String forged = row.text.replace("acme", "evil");
    rows.set(place, new Row(forged, row.hash));
    assertTrue(verify(rows).isPresent());
    String before = place == 0 ? AuditChain.START : rows.get(place - 1).hash;
    rows.set(place, new Row(forged, AuditChain.hash(before, forged)));
    assertEquals(place < count - 1, verify(rows).isPresent(), "only the last can be forged alone");
  }

  @Property(tries = 200)
  void aMissingOrMovedEntryShows(
      @ForAll @IntRange(min = 2, max = 20) int count, @ForAll @IntRange(max = 18) int which) {
    int place = which % (count - 1);
    List<Row> shortened = chain(count);
    shortened.remove(place);
    assertTrue(verify(shortened).isPresent());
    List<Row> swapped = chain(count);
    Collections.swap(swapped, place, place + 1);
    assertTrue(verify(swapped).isPresent());
  }
}
