package dev.parley.protocol.address;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/**
 * Identifies a marketplace listing: {@code market:tenant/name}. The publisher's tenant is part of
 * the name, so that a good name cannot be squatted by somebody else.
 *
 * @param publisher the tenant that published it
 * @param name 1 to 40 lowercase ASCII letters, digits or single inner hyphens
 */
public record ListingId(TenantId publisher, String name) implements Target, Comparable<ListingId> {
  static final String SCHEME = "market:";

  /**
   * Validates the name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code listing}
   */
  public ListingId {
    Names.requireName("listing", name);
  }

  /**
   * Reads {@code tenant/name}, with or without the scheme {@code market:}.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code listing} or {@code
   *     tenant}
   */
  public static ListingId parse(String text) {
    String path = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : text;
    int slash = path.indexOf('/');
    if (slash < 0) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "a listing is market:tenant/name, got " + Names.printable(text))
          .with("field", "listing");
    }
    return new ListingId(new TenantId(path.substring(0, slash)), path.substring(slash + 1));
  }

  /** The listing without its scheme: {@code tenant/name}. */
  public String path() {
    return publisher.value() + '/' + name;
  }

  @Override
  public int compareTo(ListingId other) {
    return path().compareTo(other.path());
  }

  @Override
  public String toString() {
    return SCHEME + path();
  }
}
