package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.HubExtension;
import dev.parley.hub.RawSocket;
import dev.parley.hub.settings.HubSettings;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which browser pages may talk to the hub; a browser always says whose page it is. */
class OriginTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("allow-origin", "https://app.example.com,http://localhost:3000");

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:PORT, 127.0.0.1:PORT",
    "http://localhost:PORT, localhost:PORT",
    "http://[::1]:PORT, [::1]:PORT",
    "https://192.168.1.5, 192.168.1.5",
    "https://app.example.com, hub.example.com",
    "http://localhost:3000, 127.0.0.1:PORT",
    "http://console.localhost:PORT, console.localhost:PORT"
  })
  void ownAndAllowedPagesAreLetIn(String origin, String host) {
    assertEquals(101, upgradeStatus(origin, host));
    assertEquals(200, restStatus(origin, host));
  }

  @ParameterizedTest
  @CsvSource({
    "https://evil.example, 127.0.0.1:PORT",
    "null, 127.0.0.1:PORT",
    "'', 127.0.0.1:PORT",
    "http://127.0.0.1:1, 127.0.0.1:PORT",
    "http://127.0.0.1, 127.0.0.1:PORT",
    "http://localhost:PORT, 127.0.0.1:PORT",
    "http://127.0.0.1:PORT.evil.example, 127.0.0.1:PORT",
    "http://127.0.0.1:PORT@evil.example, 127.0.0.1:PORT",
    "http://127.0.0.1:PORT/, 127.0.0.1:PORT",
    "file://, 127.0.0.1:PORT",
    "http://app.example.com, hub.example.com",
    "https://app.example.com:8443, hub.example.com",
    "https://app.example.com.evil.example, hub.example.com"
  })
  void foreignPagesAreRefused(String origin, String host) {
    assertEquals(403, upgradeStatus(origin, host));
    assertEquals(403, restStatus(origin, host));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"evil.example:PORT", "127.0.0.1.evil.example:PORT", "localhost.evil:PORT"})
  void aPageWhoseNameWasReboundToThisMachineIsRefused(String host) {
    assertEquals(403, upgradeStatus("http://" + host, host));
    assertEquals(403, restStatus("http://" + host, host));
  }

  @Test
  void aPageOfTheNameThatTheHubListensOnIsItsOwn() {
    Origins origins = new Origins(List.of(), "Hub.example.com");
    assertTrue(origins.admits("https://hub.example.com:8420", "hub.example.com:8420"));
  }

  @Test
  void aClientThatIsNoPageSaysNoOriginAndIsLetIn() {
    try (RawSocket socket = RawSocket.dial(HUB.port(), 0)) {
      assertTrue(socket.upgrade("evil.example", Map.of()).contains("101"));
    }
  }

  @Test
  void aPageOfAnAllowedOriginMayReadTheAnswerAndAnOwnOneNeedsNoPermission() {
    Map<String, String> preflight =
        Map.of(
            "Access-Control-Request-Method", "POST",
            "Access-Control-Request-Headers", "authorization,content-type");
    String allowed = ask("OPTIONS", "https://app.example.com", "hub.example.com", preflight);
    assertTrue(allowed.contains("access-control-allow-origin: https://app.example.com"), allowed);
    assertTrue(allowed.toLowerCase(java.util.Locale.ROOT).contains("authorization"), allowed);
    String own = ask("GET", "http://127.0.0.1:PORT", "127.0.0.1:PORT", Map.of());
    assertEquals(-1, own.indexOf("access-control-allow-origin"), own);
    String foreign = ask("OPTIONS", "https://evil.example", "127.0.0.1:PORT", preflight);
    assertTrue(foreign.startsWith("HTTP/1.1 403"), foreign);
    assertEquals(-1, foreign.indexOf("access-control-allow-origin"), foreign);
    assertTrue(foreign.contains("\"code\":\"forbidden\""), foreign);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "app.example.com",
        "https://app.example.com/",
        "https://a b",
        "null",
        "https://APP.example.com"
      })
  void whatIsNoOriginIsNoSetting(String text) {
    ParleyException refused =
        assertThrows(ParleyException.class, () -> HubSettings.ALLOW_ORIGIN.parse(text));
    assertTrue(refused.text().contains("--allow-origin"), refused.text());
  }

  private static int upgradeStatus(String origin, String host) {
    try (RawSocket socket = RawSocket.dial(HUB.port(), 0)) {
      String status = socket.upgrade(port(host), Map.of("Origin", port(origin)));
      return Integer.parseInt(status.substring(9, 12));
    }
  }

  private static int restStatus(String origin, String host) {
    return Integer.parseInt(ask("GET", origin, host, Map.of()).substring(9, 12));
  }

  private static String ask(
      String method, String origin, String host, Map<String, String> headers) {
    try (RawSocket socket = RawSocket.dial(HUB.port(), 0)) {
      StringBuilder request = new StringBuilder(method).append(" /health/live HTTP/1.1\r\nHost: ");
      request.append(port(host)).append("\r\nOrigin: ").append(port(origin));
      headers.forEach((name, value) -> request.append("\r\n" + name + ": " + value));
      request.append("\r\nConnection: close\r\n\r\n");
      socket.write(request.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      return socket.readToEnd();
    }
  }

  private static String port(String text) {
    return text.replace("PORT", Integer.toString(HUB.port()));
  }
}
