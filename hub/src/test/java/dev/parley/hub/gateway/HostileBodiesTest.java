package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileBodiesTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static String ask(String method, String address, String key, String body) {
    try (RawSocket socket = RawSocket.dial(HUB.port(), 0)) {
      String request =
          "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(method, address, key, body.length(), body);
      socket.write(request.getBytes(StandardCharsets.ISO_8859_1));
      return socket.readToEnd();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/agents/%2e%2e",
        "/v1/agents/..%2f..%2fetc",
        "/v1/agents/%00",
        "/v1/agents/a%0d%0ab",
        "/v1/agents/%zz",
        "/v1/agents/%",
        "/v1/agents/%ff",
        "/v1/agents/m%d0%b0in/files",
        "/v1/agents/main/files/..%2f..%2f..%2fadmin.key",
        "/v1/agents/main/files/%2e%2e/%2e%2e/admin.key",
        "/v1/agents/main/files/..",
        "/v1/keys/*",
        "/v1/keys/{id}",
        "/v1/channels/ch_:::",
        "/v1/market/listings/..%2f..",
        "/v1/market/listings/a%2fb%2fc",
        "/v1/usage?from=2024-01-01&from=2024-01-02",
        "/v1/usage?from=%00",
        "/v1/usage?nonsense=1",
        "/v1/market/listings?limit=1e3",
        "/v1/market/listings?limit=99999999999999999999",
        "/v1/market/listings?limit=",
        "/v1/../../etc/passwd",
        "/v1//agents/..//x",
        "/.git/config",
        "/v1/no-such-route",
        "//evil.example/"
      })
  void aHostileAddressIsAnsweredInJsonAndNotWithASecret(String address) {
    Member tenant = HUB.signUp();
    String answer = ask("GET", address, tenant.key(), "");
    int status = Integer.parseInt(answer.substring(9, 12));
    assertTrue(status == 400 || status == 404, answer);
    assertTrue(answer.contains("{\"error\":{\"code\":\""), answer);
    assertFalse(answer.contains("prl_platform"), answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\"} {}",
        "{\"name\":7}",
        "{\"name\":{}}",
        "name=a",
        "{\"tokensPerDay\":1e999,\"name\":\"a\"}",
        "{\"skills\":[[[[]]]],\"name\":\"a\"}"
      })
  void aHostileBodyIsRefusedByFieldAndMakesNothing(String body) {
    Member tenant = HUB.signUp();
    String before = HUB.get("/v1/agents", tenant.key()).text();
    Answer answer =
        HUB.rest("POST", "/v1/agents", tenant.key(), body.getBytes(StandardCharsets.UTF_8));
    assertEquals(400, answer.status(), answer.text());
    assertEquals("invalid_request", answer.errorCode());
    assertFalse(answer.body().at("/error/details/field").asText().isEmpty(), answer.text());
    assertEquals(before, HUB.get("/v1/agents", tenant.key()).text());
  }

  @Test
  void aBodyThatIsNotUtf8OrTooDeepOrTooLargeIsRefused() {
    Member tenant = HUB.signUp();
    byte[] broken = {'{', '"', (byte) 0xff, '"', ':', '1', '}'};
    assertEquals(
        "body",
        HUB.rest("POST", "/v1/agents", tenant.key(), broken)
            .body()
            .at("/error/details/field")
            .asText());
    byte[] deep = ("{\"a\":" + "[".repeat(100_000)).getBytes(StandardCharsets.US_ASCII);
    assertEquals(400, HUB.rest("POST", "/v1/agents", tenant.key(), deep).status());
    Answer large = HUB.rest("POST", "/v1/agents", tenant.key(), new byte[3 << 20]);
    assertEquals(413, large.status(), large.text());
    assertEquals("payload_too_large", large.errorCode());
    assertEquals(2 << 20, large.body().at("/error/details/limit").asLong());
    assertEquals(1, HUB.get("/v1/agents", tenant.key()).body().path("agents").size());
  }

  @Test
  void aNameInTwoPlacesIsRefused() {
    Member tenant = HUB.signUp();
    Answer answer =
        HUB.rest(
            "PATCH",
            "/v1/agents/main",
            tenant.key(),
            Json.object().put("agentId", "other").put("name", "x"));
    assertEquals("agentId", answer.body().at("/error/details/field").asText());
  }
}
