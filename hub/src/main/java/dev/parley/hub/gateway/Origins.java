package dev.parley.hub.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which browser pages may talk to the hub: those of its own origin and those its operator allows.
 *
 * <p>That a page's origin is the {@code Host} it asked is no proof that it is the hub's own: by DNS
 * rebinding a page of {@code evil.example} reaches the hub under its own name. A page can be
 * rebound only under a name, so its origin is the hub's own if the host is an address, a name of
 * the loopback interface, or the name that the hub listens on.
 */
public final class Origins {
  private static final Pattern ORIGIN =
      Pattern.compile("https?://(\\[[0-9a-f:.]+]|[a-z0-9._-]+)(?::\\d{1,5})?");
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");

  private final Set<String> allowed;
  private final String host;

  /**
   * Takes the operator's word.
   *
   * @param allowed origins beside the hub's own
   * @param host the address or name that the hub listens on
   */
  public Origins(List<String> allowed, String host) {
    this.allowed = Set.copyOf(allowed);
    this.host = host.toLowerCase(Locale.ROOT);
  }

  /** Whether a text is an origin as browsers write it: scheme, host, perhaps a port, lower case. */
  public static boolean isOrigin(String text) {
    return ORIGIN.matcher(text).matches();
  }

  /** Whether a page of this origin, asking for this {@code Host}, may talk to the hub. */
  public boolean admits(String origin, @Nullable String requestedHost) {
    return isAllowed(origin) || (requestedHost != null && isOwn(origin, requestedHost));
  }

  /** Whether the operator allows the origin, as a stranger's. */
  public boolean isAllowed(String origin) {
    return allowed.contains(origin);
  }

  private boolean isOwn(String origin, String requestedHost) {
    Matcher parts = ORIGIN.matcher(origin);
    if (!parts.matches()) {
      return false;
    }
    String authority = origin.substring(origin.indexOf("//") + 2);
    return authority.equals(requestedHost) && cannotBeRebound(parts.group(1));
  }

  private boolean cannotBeRebound(String name) {
    return name.startsWith("[")
        || IPV4.matcher(name).matches()
        || name.equals("localhost")
        || name.endsWith(".localhost")
        || name.equals(host);
  }
}
