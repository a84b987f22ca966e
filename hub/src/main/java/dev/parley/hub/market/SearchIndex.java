package dev.parley.hub.market;

import dev.parley.protocol.address.ListingId;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An inverted index over the words of listings, in memory: about 500 bytes a listing, and a few
 * milliseconds for a search that matches 100,000 of them.
 *
 * <p>Every listing that is put gets the next ordinal; a word has a list of ordinals with weights.
 * An update only forgets the old ordinal, and the lists are rewritten once more are forgotten than
 * known. A listing matches when each word of the query is a word of it or, from three letters on,
 * the beginning of one. Thread-safe.
 */
final class SearchIndex {
  static final int MOST_LISTINGS = 250_000;
  private static final int MOST_WORDS = 500;
  private static final int MOST_QUERY_WORDS = 16;
  private static final int MOST_COMPLETIONS = 64;
  private static final int SHORTEST_PREFIX = 3;
  private static final int LONGEST_WORD = 40;
  private static final int BEST_SCORE = 1_023;
  private static final int NAME_WEIGHT = 8;
  private static final int SKILL_WEIGHT = 4;
  private static final int TEXT_WEIGHT = 1;
  private static final int SLACK = 1_000;
  private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{N}]+");

  /**
   * What was found.
   *
   * @param ids of the page asked for
   * @param total of all pages
   */
  record Hits(List<ListingId> ids, int total) {}

  private static final class Postings {
    int[] ordinals = new int[2];
    byte[] weights = new byte[2];
    int size;

    void add(int ordinal, int weight) {
      if (size == ordinals.length) {
        ordinals = Arrays.copyOf(ordinals, size * 2);
        weights = Arrays.copyOf(weights, size * 2);
      }
      ordinals[size] = ordinal;
      weights[size++] = (byte) weight;
    }
  }

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final Map<ListingId, Integer> ordinals = new HashMap<>();
  private final List<@Nullable ListingId> ids = new ArrayList<>();
  private TreeMap<String, Postings> words = new TreeMap<>();

  int size() {
    lock.readLock().lock();
    try {
      return ordinals.size();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Adds or replaces a listing; answers false when the index is full. */
  boolean put(Listing listing) {
    Map<String, Integer> weights = weights(listing);
    lock.writeLock().lock();
    try {
      forget(listing.id());
      if (ordinals.size() >= MOST_LISTINGS) {
        return false;
      }
      int ordinal = ids.size();
      ids.add(listing.id());
      ordinals.put(listing.id(), ordinal);
      weights.forEach(
          (word, weight) -> words.computeIfAbsent(word, w -> new Postings()).add(ordinal, weight));
      return true;
    } finally {
      lock.writeLock().unlock();
    }
  }

  void remove(ListingId id) {
    lock.writeLock().lock();
    try {
      forget(id);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Best match first, then latest put. An empty query finds everything. */
  Hits search(String query, int offset, int limit) {
    List<String> asked = words(query).distinct().limit(MOST_QUERY_WORDS).toList();
    lock.readLock().lock();
    try {
      int[] scores = new int[ids.size()];
      byte[] matched = new byte[ids.size()];
      for (int i = 0; i < asked.size(); i++) {
        score(asked.get(i), (byte) i, scores, matched);
      }
      return page(scores, matched, asked.size(), offset, limit);
    } finally {
      lock.readLock().unlock();
    }
  }

  private void score(String word, byte before, int[] scores, byte[] matched) {
    boolean prefix = word.length() >= SHORTEST_PREFIX;
    var candidates = prefix ? words.tailMap(word, true) : words.subMap(word, true, word, true);
    int completions = 0;
    for (Map.Entry<String, Postings> entry : candidates.entrySet()) {
      if (!entry.getKey().startsWith(word) || completions++ == MOST_COMPLETIONS) {
        return;
      }
      int factor = entry.getKey().length() == word.length() ? 2 : 1;
      Postings postings = entry.getValue();
      for (int i = 0; i < postings.size; i++) {
        int ordinal = postings.ordinals[i];
        if (matched[ordinal] == before || matched[ordinal] == before + 1) {
          matched[ordinal] = (byte) (before + 1);
          scores[ordinal] = Math.min(BEST_SCORE, scores[ordinal] + factor * postings.weights[i]);
        }
      }
    }
  }

  /** A counting sort by score that only materialises the page. */
  private Hits page(int[] scores, byte[] matched, int asked, int offset, int limit) {
    int[] place = new int[BEST_SCORE + 1];
    int total = 0;
    for (int ordinal = 0; ordinal < scores.length; ordinal++) {
      if (matched[ordinal] == asked && ids.get(ordinal) != null) {
        place[scores[ordinal]]++;
        total++;
      }
    }
    int better = 0;
    for (int score = BEST_SCORE; score >= 0; score--) {
      int count = place[score];
      place[score] = better;
      better += count;
    }
    int length = Math.max(0, Math.min(limit, total - offset));
    ListingId[] page = new ListingId[length];
    for (int ordinal = scores.length - 1; ordinal >= 0; ordinal--) {
      ListingId id = ids.get(ordinal);
      if (matched[ordinal] == asked && id != null) {
        int at = place[scores[ordinal]]++ - offset;
        if (at >= 0 && at < length) {
          page[at] = id;
        }
      }
    }
    return new Hits(List.of(page), total);
  }

  private void forget(ListingId id) {
    Integer ordinal = ordinals.remove(id);
    if (ordinal != null) {
      ids.set(ordinal, null);
      if (ids.size() > 2 * ordinals.size() + SLACK) {
        compact();
      }
    }
  }

  private void compact() {
    int[] moved = new int[ids.size()];
    List<ListingId> kept = new ArrayList<>(ordinals.size());
    for (int ordinal = 0; ordinal < moved.length; ordinal++) {
      ListingId id = ids.get(ordinal);
      moved[ordinal] = id == null ? -1 : kept.size();
      if (id != null) {
        ordinals.put(id, kept.size());
        kept.add(id);
      }
    }
    TreeMap<String, Postings> rewritten = new TreeMap<>();
    words.forEach(
        (word, old) -> {
          Postings postings = new Postings();
          for (int i = 0; i < old.size; i++) {
            if (moved[old.ordinals[i]] >= 0) {
              postings.add(moved[old.ordinals[i]], old.weights[i]);
            }
          }
          if (postings.size > 0) {
            rewritten.put(word, postings);
          }
        });
    words = rewritten;
    ids.clear();
    ids.addAll(kept);
  }

  private static Map<String, Integer> weights(Listing listing) {
    Map<String, Integer> weights = new LinkedHashMap<>();
    weigh(weights, listing.id().name() + ' ' + listing.title(), NAME_WEIGHT);
    weigh(weights, listing.id().publisher().value(), SKILL_WEIGHT);
    for (Skill skill : listing.skills()) {
      weigh(weights, skill.name(), SKILL_WEIGHT);
    }
    weigh(weights, listing.description(), TEXT_WEIGHT);
    for (Skill skill : listing.skills()) {
      String description = skill.description();
      weigh(weights, description == null ? "" : description, TEXT_WEIGHT);
    }
    return weights;
  }

  private static void weigh(Map<String, Integer> weights, String text, int weight) {
    words(text)
        .forEach(
            word -> {
              if (weights.size() < MOST_WORDS || weights.containsKey(word)) {
                weights.merge(word, weight, Math::max);
              }
            });
  }

  static Stream<String> words(String text) {
    String plain = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    return BETWEEN_WORDS
        .splitAsStream(plain)
        .filter(word -> !word.isEmpty())
        .map(word -> word.length() > LONGEST_WORD ? word.substring(0, LONGEST_WORD) : word);
  }
}
