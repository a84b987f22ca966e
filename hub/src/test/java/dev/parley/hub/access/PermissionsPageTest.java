package dev.parley.hub.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/permissions.md is the table that the hub decides by. */
class PermissionsPageTest {
  private static final Path PAGE = Path.of("..", "docs", "permissions.md");
  private static final String WRITE = "parley.docs.write";
  private static final List<Role> ROLES =
      List.of(
          Role.OWNER, Role.MEMBER, Role.VIEWER, Role.AGENT, Role.ADMIN, Role.BILLING, Role.AUDITOR);
  private static final List<String> TOOLS =
      List.of("list_agents", "list_files", "read_file", "write_file", "call_agent");

  @Test
  void thePublishedTableIsThatOfTheHub() throws IOException {
    String page = page();
    if (Boolean.getBoolean(WRITE)) {
      Files.writeString(PAGE, page);
    }
    assertEquals(
        page,
        Files.readString(PAGE),
        "docs/permissions.md is not what the hub decides by; write it anew with: mvn -q test -pl hub"
            + " -am -Dtest=PermissionsPageTest -Dsurefire.failIfNoSpecifiedTests=false -D"
            + WRITE
            + "=true");
  }

  private static String page() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Permissions

        This page is written by a test from the table that the hub decides by. A key, or a person's token, has one role.
        `owner`, `member`, `viewer` and `agent` are roles in a tenant, `admin`, `billing` and `auditor` are roles on the platform; neither kind
        permits anything of the other. A connection can ask for less than its role permits with the scopes of its handshake, and never gets
        more. Nobody makes or rotates a key of a role that permits more than one may do oneself.

        | operation | permission | scope |""");
    ROLES.forEach(role -> page.append(' ').append(role.wireName()).append(" |"));
    page.append("\n|---|---|---|").append("---|".repeat(ROLES.size())).append('\n');
    Contract.load().operations().values().stream()
        .filter(operation -> operation.permission() == null || !operation.permission().isEmpty())
        .forEach(operation -> page.append(row(operation)));
    page.append(
        """

        `signup` and `health` need no key. An `agent` sees and ends what is its own: its messages, schedules and dead letters.

        ## What agents do because of a message

        The tools of a hosted agent need the same permissions as the operations that do the same:

        | tool | permission |
        |---|---|
        """);
    for (String tool : TOOLS) {
      page.append("| `%s` | %s |\n".formatted(tool, names(Rights.ofTool(tool).stream())));
    }
    page.append(
        "| any other | %s |\n".formatted(names(Rights.ofTool("any other").stream().sorted())));
    page.append(
        """

        An agent may use a tool when the message it handles permits it, and a message permits what everybody in its chain may do: whoever
        it began with, and each agent that passed it on. The hub keeps these rights in the envelope, over nodes, mail, schedules, rooms and
        dead letters; no agent can write them, and they only ever become fewer, whatever a prompt says. A remote agent reads them in
        `rights` of what is delivered to it. An agent that sends something while it handles several messages, without saying because of
        which (`parent`), has the rights that all of them permit. An agent that acts of its own accord has all rights of tools, in its own
        workspace and where its tenant's channels lead. Digests of rooms, which are from nobody in particular, permit no writing.
        """);
    return page.toString();
  }

  private static String row(Operation operation) {
    StringBuilder row = new StringBuilder("| `" + operation.name() + "` | ");
    String name = operation.permission();
    if (name == null) {
      return row.append("none | |").append(" ✓ |".repeat(ROLES.size())).append('\n').toString();
    }
    Permission permission = Permission.of(name);
    row.append('`').append(name).append("` | ").append(permission.scope().wireName()).append(" |");
    for (Role role : ROLES) {
      row.append(role.permissions().contains(permission) ? " ✓ |" : " |");
    }
    return row.append('\n').toString();
  }

  private static String names(Stream<Permission> permissions) {
    return permissions
        .map(permission -> "`" + permission.wireName() + "`")
        .collect(Collectors.joining(", "));
  }
}
