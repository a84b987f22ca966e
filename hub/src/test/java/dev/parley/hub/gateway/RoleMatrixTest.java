package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Role;
import dev.parley.hub.access.Scope;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.frame.Json;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operation of the contract by every role, on both transports; new operations come along. */
class RoleMatrixTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();
  private static final Contract CONTRACT = Contract.load();

  private static List<Operation> guarded() {
    return CONTRACT.operations().values().stream()
        .filter(operation -> operation.permission() != null && !operation.permission().isEmpty())
        .toList();
  }

  private static String keyOf(Role role) {
    if (role == Role.ADMIN) {
      return HUB.adminKey();
    }
    ObjectNode params = Json.object().put("role", role.wireName());
    if (role.isPlatform()) {
      return HUB.succeed("POST", "/v1/keys", HUB.adminKey(), params).path("secret").asText();
    }
    Member tenant = HUB.unmetered(HUB.signUp());
    return role == Role.OWNER
        ? tenant.key()
        : HUB.newKey(tenant, role == Role.AGENT ? params.put("agent", "main") : params)
            .path("secret")
            .asText();
  }

  private static boolean permits(Role role, Operation operation) {
    return role.permissions().contains(Permission.of(operation.permission()));
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void aSocketCanDoWhatTheRolePermitsAndNothingElse(Role role) {
    try (Peer peer = HUB.connect(keyOf(role))) {
      for (Operation operation : guarded()) {
        JsonNode answer = peer.ask(operation.name(), Json.object());
        String code = answer.path("error").path("code").asText();
        if (permits(role, operation)) {
          assertNotEquals("FORBIDDEN", code, role + " " + operation.name() + " " + answer);
        } else {
          assertEquals("FORBIDDEN", code, role + " " + operation.name() + " " + answer);
          assertEquals(
              operation.permission(),
              answer.path("error").path("details").path("permission").asText());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void aRestRequestCanDoWhatTheRolePermitsAndNothingElse(Role role) {
    String key = keyOf(role);
    for (Operation operation : guarded()) {
      if (operation.hasRest()) {
        Answer answer = invoke(operation, key);
        if (permits(role, operation)) {
          assertNotEquals(403, answer.status(), role + " " + operation.name() + " " + answer);
          assertNotEquals(401, answer.status(), role + " " + operation.name() + " " + answer);
        } else {
          assertEquals(403, answer.status(), role + " " + operation.name() + " " + answer);
          assertEquals("forbidden", answer.errorCode());
        }
      }
    }
  }

  @Test
  void withoutAKeyNothingThatIsGuardedIsDone() {
    for (Operation operation : guarded()) {
      if (operation.hasRest()) {
        Answer answer = invoke(operation, "");
        assertEquals(401, answer.status(), operation.name() + " " + answer);
        assertEquals("Bearer", answer.headers().get("www-authenticate"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Scope.class)
  void aConnectionKeepsNoMoreThanTheScopeItAskedFor(Scope asked) {
    ObjectNode params = Peer.connectParams(keyOf(Role.OWNER));
    params.putArray("scopes").add(asked.wireName());
    try (Peer peer = HUB.open()) {
      peer.hello(params);
      for (Operation operation : guarded()) {
        if (permits(Role.OWNER, operation)) {
          Scope needed = Permission.of(operation.permission()).scope();
          assertEquals(needed.wireName(), operation.scope(), operation.name());
          String code =
              peer.ask(operation.name(), Json.object()).path("error").path("code").asText();
          assertEquals(
              asked.compareTo(needed) < 0, code.equals("FORBIDDEN"), asked + operation.name());
        }
      }
    }
  }

  @Test
  void askingForMoreThanTheKeyHasGivesNoMore() {
    ObjectNode params = Peer.connectParams(keyOf(Role.VIEWER));
    params.putArray("scopes").add("operator.admin").add("operator.root");
    try (Peer peer = HUB.open()) {
      JsonNode scopes = peer.hello(params).path("auth").path("scopes");
      assertEquals("[\"operator.read\"]", scopes.toString());
      JsonNode answer = peer.ask("keys.create", Json.object());
      assertEquals("FORBIDDEN", answer.path("error").path("code").asText());
    }
  }

  @Test
  void aViewerChangesNothingAndNobodyReachesAcrossPlatformAndTenant() {
    Set<String> own = Set.of("keys.read", "keys.write");
    for (Operation operation : guarded()) {
      boolean platform = operation.permission().startsWith("platform.");
      if (!"operator.read".equals(operation.scope())) {
        assertTrue(!permits(Role.VIEWER, operation), operation.name());
      }
      for (Role role : Role.values()) {
        if (role.isPlatform() != platform && !own.contains(operation.permission())) {
          assertTrue(!permits(role, operation), role + " " + operation.name());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void onlyWhoMayConnectAnAgentBecomesOne(Role role) {
    ObjectNode params = Peer.connectParams(keyOf(role)).put("role", "agent").put("agent", "main");
    try (Peer peer = HUB.open()) {
      JsonNode answer = peer.ask("connect", params);
      String code = answer.path("error").path("code").asText();
      if (role.permissions().contains(Permission.AGENTS_CONNECT)) {
        assertEquals("CONFLICT", code, "main is hosted: " + answer);
      } else {
        assertEquals("FORBIDDEN", code, answer.toString());
      }
      assertEquals(1008, peer.closed().code());
    }
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void theHelloListsWhatTheRolePermitsAndOnlyThat(Role role) {
    Set<String> methods = new HashSet<>();
    try (Peer peer = HUB.connect(keyOf(role))) {
      peer.hello().path("features").path("methods").forEach(name -> methods.add(name.asText()));
    }
    for (String method : methods) {
      assertTrue(CONTRACT.operation(method) != null, method);
    }
    for (Operation operation : guarded()) {
      assertEquals(permits(role, operation), methods.contains(operation.name()), operation.name());
    }
  }

  private static Answer invoke(Operation operation, String key) {
    String path = operation.restPath().replaceAll("\\{\\w+}", "none");
    return operation.restMethod().equals("GET")
        ? HUB.get(path, key)
        : HUB.rest(operation.restMethod(), path, key, Json.object());
  }
}
