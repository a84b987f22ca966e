package dev.parley.hub.access;

import static dev.parley.hub.access.Permission.AGENTS_READ;
import static dev.parley.hub.access.Permission.CALL;
import static dev.parley.hub.access.Permission.FILES_READ;
import static dev.parley.hub.access.Permission.FILES_WRITE;
import static dev.parley.hub.access.Permission.MEMORY_READ;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What agents may do because of a message: the rights of whoever it began with, less what each hop
 * has not got. They travel in the envelope, which only the hub writes, and {@link #and} is the one
 * way to combine them, so they attenuate along a chain and never grow, whatever a prompt says.
 *
 * <p>Rights are kinds of deeds. Where they apply is the business of the agent that does them: its
 * own workspace, and whom its tenant's channels reach.
 */
public final class Rights {
  private static final Set<Permission> OF_TOOLS =
      Collections.unmodifiableSet(
          EnumSet.of(AGENTS_READ, FILES_READ, FILES_WRITE, MEMORY_READ, CALL));

  /** Nothing was taken away. */
  public static final Rights ALL = new Rights(OF_TOOLS);

  private final Set<Permission> permissions;

  private Rights(Set<Permission> permissions) {
    this.permissions = permissions;
  }

  static Rights of(Set<Permission> held) {
    return ALL.kept(held);
  }

  /**
   * The rights in an envelope.
   *
   * @param names of permissions, of which those are left out that this hub does not know; null when
   *     nothing was taken away
   */
  public static Rights of(@Nullable List<String> names) {
    if (names == null) {
      return ALL;
    }
    Set<Permission> held = EnumSet.noneOf(Permission.class);
    OF_TOOLS.stream().filter(right -> names.contains(right.wireName())).forEach(held::add);
    return new Rights(held);
  }

  /**
   * What the tool of an agent needs: the same as the operation that does the same. A tool that is
   * not listed needs every right there is.
   */
  public static Set<Permission> ofTool(String tool) {
    return switch (tool) {
      case "list_agents" -> Set.of(AGENTS_READ);
      case "list_files", "read_file", "search_files" -> Set.of(FILES_READ);
      case "write_file", "move_file", "delete_file" -> Set.of(FILES_WRITE);
      case "memory_search", "memory_get" -> Set.of(MEMORY_READ);
      case "call_agent" -> Set.of(CALL);
      default -> OF_TOOLS;
    };
  }

  /** What both permit. */
  public Rights and(Rights other) {
    return kept(other.permissions);
  }

  public boolean permit(Permission permission) {
    return permissions.contains(permission);
  }

  /**
   * Insists on what a tool needs.
   *
   * @throws ParleyException {@code forbidden}
   */
  public void requireTool(String tool) {
    for (Permission needed : ofTool(tool)) {
      if (!permit(needed)) {
        throw missing(needed);
      }
    }
  }

  static ParleyException missing(Permission needed) {
    return new ParleyException(
            ErrorCode.FORBIDDEN,
            "whoever asked for this, or an agent that passed it on, may not do it: it needs %s"
                .formatted(needed.wireName()))
        .with("permission", needed.wireName())
        .with("reason", "rights");
  }

  /** Names of permissions for an envelope; null when nothing was taken away. */
  public @Nullable List<String> names() {
    return permissions.size() == OF_TOOLS.size()
        ? null
        : permissions.stream().map(Permission::wireName).sorted().toList();
  }

  private Rights kept(Set<Permission> others) {
    if (others.containsAll(permissions)) {
      return this;
    }
    Set<Permission> both = EnumSet.noneOf(Permission.class);
    both.addAll(permissions);
    both.retainAll(others);
    return new Rights(both);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Rights rights && permissions.equals(rights.permissions);
  }

  @Override
  public int hashCode() {
    return permissions.hashCode();
  }

  @Override
  public String toString() {
    return permissions.toString();
  }
}
