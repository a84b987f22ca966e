package dev.parley.hub.loop;

/**
 * A number for what a payload says. Short payloads that differ in case, white space and the marks
 * {@code ! ? ,} only have the same; digits count, so that "item 17" and "item 18" are two. A long
 * one is taken as it is, by {@link String#hashCode}.
 */
final class Fingerprint {
  private static final int SHORT = 96;
  private static final long PRIME = 0x9E3779B97F4A7C15L;

  private Fingerprint() {}

  static long of(String payload) {
    int length = payload.length();
    if (length > SHORT) {
      return (payload.hashCode() * PRIME) ^ length;
    }
    long hash = PRIME;
    for (int i = 0; i < length; i++) {
      char c = payload.charAt(i);
      if (c > ' ' && c != '!' && c != '?' && c != ',') {
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32 : c)) * PRIME;
      }
    }
    return hash;
  }
}
