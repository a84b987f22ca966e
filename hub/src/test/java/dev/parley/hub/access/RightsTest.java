package dev.parley.hub.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RightsTest {
  private static final TenantId ACME = new TenantId("acme");

  private static Principal person(Role role) {
    return new Principal(ACME, role, "k", null, role.permissions(), Principal.NO_END);
  }

  @Property(tries = 200)
  void rightsAttenuateAndNeverGrow(@ForAll Set<Permission> one, @ForAll Set<Permission> other) {
    Rights both = Rights.of(one).and(Rights.of(other));
    for (Permission permission : Permission.values()) {
      boolean held = Rights.of(one).permit(permission) && Rights.of(other).permit(permission);
      assertEquals(held, both.permit(permission), permission.wireName());
    }
    assertEquals(both, Rights.of(both.names()), "what travels is what was there");
    assertEquals(both, Rights.of(other).and(Rights.of(one)));
  }

  @Test
  void nothingTakenAwayTravelsAsNothing() {
    assertNull(person(Role.OWNER).rights().names());
    assertNull(person(Role.MEMBER).rights().names());
    assertNull(HubPrincipals.agent(AgentAddress.parse("acme/main")).rights().names());
    assertEquals(Rights.ALL, Rights.of((List<String>) null));
  }

  @Test
  void aViewerHandsOnWhatItMayDo() {
    assertEquals(
        List.of("agents.read", "files.read", "memory.read"), person(Role.VIEWER).rights().names());
  }

  @Test
  void namesOfALaterVersionGiveNothing() {
    assertEquals(List.of("call"), Rights.of(List.of("call", "everything", "*")).names());
    assertEquals(List.of(), Rights.of(List.of()).names());
  }

  @Test
  void whoIsLimitedStaysSoHoweverItIsNarrowed() {
    Rights few = Rights.of(EnumSet.of(Permission.CALL));
    Principal limited = person(Role.OWNER).limitedTo(few);

    assertEquals(few, limited.rights());
    assertEquals(few, limited.limitedTo(Rights.ALL).rights());
    assertEquals(few, limited.narrowedTo(EnumSet.allOf(Scope.class)).rights());
    assertEquals(few, limited.actingAs(AgentAddress.parse("acme/main").agent()).rights());
  }

  @ParameterizedTest
  @CsvSource({
    "list_agents, agents.read",
    "list_files, files.read",
    "read_file, files.read",
    "write_file, files.write",
    "call_agent, call",
    "tool_of_a_plugin, files.write",
    "tool_of_a_plugin, call"
  })
  void aToolNeedsWhatTheOperationNeeds(String tool, String permission) {
    List<String> others =
        EnumSet.allOf(Permission.class).stream()
            .map(Permission::wireName)
            .filter(name -> !name.equals(permission))
            .toList();
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> Rights.of(others).requireTool(tool));

    assertEquals(ErrorCode.FORBIDDEN, refusal.code());
    assertEquals(permission, refusal.details().get("permission"));
    Rights.ALL.requireTool(tool);
  }

  @ParameterizedTest
  @CsvSource({
    "OWNER, MEMBER, true",
    "OWNER, VIEWER, true",
    "OWNER, AGENT, true",
    "OWNER, OWNER, true",
    "MEMBER, OWNER, false",
    "VIEWER, MEMBER, false",
    "AGENT, VIEWER, false",
    "ADMIN, BILLING, true",
    "ADMIN, AUDITOR, true",
    "BILLING, ADMIN, false",
    "AUDITOR, BILLING, false",
    "ADMIN, OWNER, false",
    "OWNER, ADMIN, false"
  })
  void nobodyMakesAKeyForMoreThanOnesOwnRights(Role maker, Role wanted, boolean may) {
    if (may) {
      person(maker).requireAll(wanted);
    } else {
      assertEquals(
          ErrorCode.FORBIDDEN,
          assertThrows(ParleyException.class, () -> person(maker).requireAll(wanted)).code());
    }
  }

  @Test
  void aNarrowedOwnerMakesNoOwner() {
    Principal narrowed = person(Role.OWNER).narrowedTo(EnumSet.of(Scope.WRITE));

    assertThrows(ParleyException.class, () -> narrowed.requireAll(Role.OWNER));
    assertFalse(narrowed.rights().permit(Permission.FILES_WRITE));
    assertTrue(narrowed.rights().permit(Permission.CALL));
  }
}
