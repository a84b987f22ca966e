package dev.parley.hub.market;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.channel.Price;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.TenantId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SearchIndexTest {
  private static final List<String> WORDS =
      List.of("quote", "quotes", "price", "prices", "pri", "weather", "we", "a", "über", "42");

  private final SearchIndex index = new SearchIndex();

  @Property(tries = 200)
  void itFindsExactlyWhatAPlainScanFinds(@ForAll long seed) {
    Random random = new Random(seed);
    SearchIndex index = new SearchIndex();
    Map<ListingId, String> model = new TreeMap<>();
    for (int i = 0; i < 120; i++) {
      ListingId id = id("n" + random.nextInt(20));
      if (random.nextInt(4) == 0) {
        index.remove(id);
        model.remove(id);
      } else {
        String text = words(random, 1 + random.nextInt(4));
        index.put(listing(id, "t", text));
        model.put(id, text);
      }
    }
    String query = words(random, random.nextInt(3));
    Set<ListingId> expected =
        model.entrySet().stream()
            .filter(
                entry -> Arrays.stream(query.split(" ")).allMatch(w -> has(entry.getValue(), w)))
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    SearchIndex.Hits all = index.search(query, 0, 100);
    assertEquals(expected, Set.copyOf(all.ids()));
    assertEquals(expected.size(), all.total());
    assertEquals(model.size(), index.size());
    List<ListingId> paged =
        IntStream.range(0, expected.size())
            .mapToObj(i -> index.search(query, i, 1).ids().get(0))
            .toList();
    assertEquals(all.ids(), paged);
  }

  @Test
  void aWordInTheTitleCountsMoreThanOneInTheText() {
    index.put(listing(id("one"), "Weather", "prices"));
    index.put(listing(id("two"), "Prices", "weather"));
    assertEquals(List.of(id("two"), id("one")), index.search("prices", 0, 10).ids());
    assertEquals(List.of(id("one"), id("two")), index.search("WEATHER!", 0, 10).ids());
  }

  @Test
  void amongEqualsTheLatestComesFirst() {
    index.put(listing(id("one"), "same", ""));
    index.put(listing(id("two"), "same", ""));
    assertEquals(List.of(id("two"), id("one")), index.search("", 0, 10).ids());
    index.put(listing(id("one"), "same", ""));
    assertEquals(List.of(id("one"), id("two")), index.search("same", 0, 10).ids());
  }

  @Test
  void updatingOneListingForeverTakesNoMoreRoom() {
    for (int i = 0; i < 5_000; i++) {
      index.put(listing(id("one"), "word" + i, ""));
    }
    assertEquals(1, index.size());
    assertEquals(1, index.search("word4999", 0, 10).total());
    assertEquals(0, index.search("word17", 0, 10).total());
  }

  @Test
  void aPageBeyondTheEndIsEmpty() {
    index.put(listing(id("one"), "word", ""));
    SearchIndex.Hits hits = index.search("word", 5, 10);
    assertTrue(hits.ids().isEmpty());
    assertEquals(1, hits.total());
  }

  @Test
  void hostileQueriesDoNoHarm() {
    index.put(listing(id("one"), "word", ""));
    for (String query : List.of("\u0000", "(((", ".*", "*", "{}", "\\")) {
      assertEquals(index.search("", 0, 10), index.search(query, 0, 10), query);
    }
    assertEquals(0, index.search("w".repeat(200), 0, 10).total());
    assertEquals(0, index.search("word ".repeat(20) + "other", 0, 10).total());
  }

  private static boolean has(String text, String asked) {
    return asked.isEmpty()
        || Arrays.stream(text.split(" "))
            .anyMatch(w -> w.equals(asked) || (asked.length() >= 3 && w.startsWith(asked)));
  }

  private static String words(Random random, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
        .collect(Collectors.joining(" "));
  }

  private static ListingId id(String name) {
    return new ListingId(new TenantId("x"), name);
  }

  private static Listing listing(ListingId id, String title, String description) {
    return new Listing(
        id,
        new AgentId("agent"),
        title,
        description,
        List.of(),
        Price.FREE,
        Visibility.PUBLIC,
        Version.FIRST,
        0,
        0,
        null);
  }
}
