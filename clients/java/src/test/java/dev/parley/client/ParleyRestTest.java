package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ParleyRestTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @Test
  void signUpNeedsNoKeyAndItsKeyOpensEverythingElse() throws Exception {
    Tenant tenant = HUB.signUp();
    JsonNode own = get(HUB.rest(tenant).request("tenant.get", null));
    assertEquals(tenant.id(), own.path("tenant").path("id").asText());
    assertRefused(ErrorCode.UNAUTHORIZED, ParleyRest.of(HUB.url()).request("tenant.get", null));
  }

  @Test
  void aRefusalKeepsItsCodeAndDetails() throws Exception {
    Tenant tenant = HUB.signUp();
    ParleyException taken =
        assertRefused(
            ErrorCode.CONFLICT,
            ParleyRest.of(HUB.url()).request("signup", Map.of("tenant", tenant.id())));
    assertTrue(taken.text().contains(tenant.id()), taken.text());
    ParleyException invalid =
        assertRefused(
            ErrorCode.INVALID_REQUEST,
            ParleyRest.of(HUB.url()).request("signup", Map.of("tenant", "Not A Name")));
    assertEquals("tenant", invalid.details().get("field"));
  }

  @Test
  void goesToTheNextUrlWhereNoHubIsAndStaysWhereOneWas() throws Exception {
    Tenant tenant = HUB.signUp();
    String nobody = "http://127.0.0.1:1";
    ParleyRest rest = ParleyRest.of(nobody, HUB.url(), nobody).key(tenant.key());
    for (int i = 0; i < 2; i++) {
      JsonNode own = get(rest.request("tenant.get", null));
      assertEquals(tenant.id(), own.path("tenant").path("id").asText());
    }
    ParleyException away =
        assertRefused(
            ErrorCode.UNAVAILABLE, ParleyRest.of(nobody, nobody).request("tenant.get", null));
    assertTrue(Failures.isUnreachable(away), away.text());
  }
}
