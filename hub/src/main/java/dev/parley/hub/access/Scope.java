package dev.parley.hub.access;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The operator scopes of the OpenClaw gateway protocol. A client asks for those it needs at connect
 * and so gives up the rest: asking never adds a right.
 */
public enum Scope {
  READ,
  WRITE,
  ADMIN;

  private final String wireName = "operator." + name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  /** Whether one of {@code scopes} is this scope or implies it: admin all, write read. */
  public boolean coveredBy(Set<Scope> scopes) {
    return scopes.stream().anyMatch(scope -> scope.compareTo(this) >= 0);
  }

  /** The scopes named; names of scopes that this hub does not have are left out. */
  public static Set<Scope> of(List<String> names) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (Scope scope : values()) {
      if (names.contains(scope.wireName)) {
        scopes.add(scope);
      }
    }
    return scopes;
  }
}
