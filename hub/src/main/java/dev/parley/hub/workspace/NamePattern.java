package dev.parley.hub.workspace;

import java.util.BitSet;
import java.util.Locale;

/**
 * A pattern of paths: {@code *} stands for any characters but {@code /}, {@code **} for any, {@code
 * ?} for one that is not {@code /}. Without a {@code /} it is of the last name alone. Takes time in
 * proportion to pattern and path, whatever they are: all states of the pattern are followed at once
 * (Thompson, 1968), none is tried again.
 */
final class NamePattern {
  private final String pattern;
  private final boolean wholePath;
  private final boolean ignoreCase;

  NamePattern(String pattern, boolean ignoreCase) {
    this.pattern = ignoreCase ? pattern.toLowerCase(Locale.ROOT) : pattern;
    this.wholePath = pattern.indexOf('/') >= 0;
    this.ignoreCase = ignoreCase;
  }

  boolean matches(String path) {
    String text = wholePath ? path : path.substring(path.lastIndexOf('/') + 1);
    BitSet states = new BitSet(pattern.length() + 1);
    add(states, 0);
    for (int i = 0; i < text.length() && !states.isEmpty(); i++) {
      char c = ignoreCase ? Character.toLowerCase(text.charAt(i)) : text.charAt(i);
      BitSet next = new BitSet(pattern.length() + 1);
      for (int at = states.nextSetBit(0); at >= 0; at = states.nextSetBit(at + 1)) {
        step(next, at, c);
      }
      states = next;
    }
    return states.get(pattern.length());
  }

  private void step(BitSet next, int at, char c) {
    if (at == pattern.length()) {
      return;
    }
    switch (pattern.charAt(at)) {
      case '*' -> {
        if (c != '/' || isDouble(at)) {
          add(next, at);
        }
      }
      case '?' -> {
        if (c != '/') {
          add(next, at + 1);
        }
      }
      default -> {
        if (pattern.charAt(at) == c) {
          add(next, at + 1);
        }
      }
    }
  }

  /** Adds a state with those that a star reaches by standing for nothing. */
  private void add(BitSet states, int at) {
    int state = at;
    states.set(state);
    while (state < pattern.length() && pattern.charAt(state) == '*') {
      state += isDouble(state) ? 2 : 1;
      states.set(state);
    }
  }

  private boolean isDouble(int at) {
    return at + 1 < pattern.length() && pattern.charAt(at + 1) == '*';
  }
}
