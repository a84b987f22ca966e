package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client's user sees, and does not see, of a network that fails and a hub that restarts. */
class ReconnectionTest {
  @RegisterExtension
  static final HubExtension HUB = new HubExtension().with("tick-interval-ms", "1000");

  private final List<ConnectionState> states = new CopyOnWriteArrayList<>();
  private final List<Gap> gaps = new CopyOnWriteArrayList<>();

  @Test
  void aClientThatIsCutOffComesBackByItself() throws Exception {
    Tenant tenant = HUB.signUp();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, tenant).connect())) {
      link.cut();
      awaitState(1, ConnectionState.Reconnecting.class);
      awaitState(2, ConnectionState.Connected.class);
      get(client.request("agents.list", Json.object()));
      assertEquals(List.of(), gaps);
      assertFalse(client.ended().isDone());
    }
  }

  @Test
  void eventsMissedWhileAwayArriveOnceAndInOrder() throws Exception {
    Tenant tenant = HUB.signUp();
    Tenant other = HUB.signUp();
    List<String> seen = new CopyOnWriteArrayList<>();
    List<String> made = new ArrayList<>();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, tenant).connect())) {
      client.on("channel.changed", event -> seen.add(event.at("/channel/id").asText()));
      made.add(propose(tenant, other));
      await().until(() -> seen.size() == 1);
      link.goAway();
      for (int i = 0; i < 20; i++) {
        made.add(propose(tenant, other));
      }
      link.comeBack();
      made.add(propose(tenant, other));
      await().untilAsserted(() -> assertEquals(made, seen));
      assertTrue(client.hello().resumed());
      assertEquals(List.of(), gaps);
    }
  }

  @Test
  void eventsThatCannotBeHadAnyMoreAreToldAsAGap() throws Exception {
    Tenant tenant = HUB.signUp();
    Tenant other = HUB.signUp();
    List<String> seen = new CopyOnWriteArrayList<>();
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, tenant).connect())) {
      String lost = client.hello().connId();
      client.on("channel.changed", event -> seen.add(event.at("/channel/id").asText()));
      link.goAway();
      HUB.stop();
      HUB.start();
      String missed = propose(tenant, other);
      link.comeBack();
      await().until(() -> !gaps.isEmpty());
      assertEquals(lost, gaps.get(0).connId());
      assertNotEquals(lost, client.hello().connId());
      String later = propose(tenant, other);
      await().until(() -> !seen.isEmpty());
      assertEquals(List.of(later), seen, "not " + missed);
    }
  }

  @Test
  void aHubThatFallsSilentIsLeft() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client =
            get(over(link, HUB.signUp()).connectTimeout(Duration.ofSeconds(1)).connect())) {
      link.swallowAnswers();
      awaitState(1, ConnectionState.Reconnecting.class);
      ConnectionState.Reconnecting told = (ConnectionState.Reconnecting) states.get(1);
      assertTrue(told.why().text().contains("nothing came from the hub"), told.why().text());
      link.comeBack();
      get(client.request("agents.list", Json.object()));
    }
  }

  @Test
  void aRequestThatNobodyCanSafelyRepeatFailsAndSaysSo() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, HUB.signUp()).connect())) {
      link.swallowAnswers();
      CompletableFuture<?> unanswered =
          client.request("agents.create", Map.of("name", "helper", "kind", "remote"));
      link.cut();
      ParleyException lost = assertRefused(ErrorCode.UNAVAILABLE, unanswered);
      assertEquals(Failures.CONNECTION_LOST, lost.details().get(ParleyException.DETAIL_CODE));
      assertEquals("agents.create", lost.details().get("method"));
    }
  }

  @Test
  void aRequestMadeWhileAwayWaitsForTheHub() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, HUB.signUp()).connect())) {
      link.goAway();
      awaitState(1, ConnectionState.Reconnecting.class);
      CompletableFuture<?> waiting = client.request("agents.list", Json.object());
      link.comeBack();
      get(waiting);
    }
  }

  @Test
  void aRequestMadeWhileAwayHasADeadline() throws Exception {
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyClient client = get(over(link, HUB.signUp()).connect())) {
      link.goAway();
      awaitState(1, ConnectionState.Reconnecting.class);
      assertRefused(
          ErrorCode.DEADLINE_EXCEEDED,
          client.request("agents.list", Json.object(), Duration.ofMillis(100)));
    }
  }

  @Test
  void aCallWithAMessageIdIsMadeAgainAndOneWithoutIsNot() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.defineRemoteAgent(tenant, "worker");
    List<String> handled = new CopyOnWriteArrayList<>();
    CompletableFuture<Object> never = new CompletableFuture<>();
    AgentHandler handler =
        (message, context) -> {
          handled.add(message.text());
          return handled.size() < 3 ? never : CompletableFuture.completedFuture("done");
        };
    try (CuttableLink link = new CuttableLink(HUB.port());
        ParleyAgent worker = get(HUB.client(tenant).connectAgent("worker", handler));
        ParleyClient client = get(over(link, tenant).connect())) {
      CallOptions again = CallOptions.defaults().messageId("m-1");
      CompletableFuture<CallResult> repeated = client.call(worker.address(), "repeat", again);
      CompletableFuture<CallResult> once = client.call(worker.address(), "once");
      await().until(() -> handled.size() == 2);
      link.cut();
      assertEquals("done", get(repeated).text());
      assertRefused(ErrorCode.UNAVAILABLE, once);
      assertEquals(Set.of("repeat", "once"), Set.copyOf(handled.subList(0, 2)));
      assertEquals(List.of("repeat"), handled.subList(2, handled.size()));
    }
  }

  @Test
  void aHubThatRestartsOnItsPortIsFoundAgain() throws Exception {
    Tenant tenant = HUB.signUp();
    try (ParleyClient client = get(HUB.client(tenant).onState(states::add).connect())) {
      HUB.stop();
      awaitState(1, ConnectionState.Reconnecting.class);
      CompletableFuture<CallResult> waiting = client.call(tenant.main(), "repeat 2 hello");
      HUB.start();
      assertTrue(get(waiting).text().contains("hello"));
    }
  }

  @Test
  void aRevokedKeyEndsTheClientWhichSaysWhy() throws Exception {
    Tenant tenant = HUB.signUp();
    var made = get(HUB.rest(tenant).request("keys.create", Map.of("role", "member")));
    Tenant member = new Tenant(tenant.id(), made.path("secret").asText());
    try (ParleyClient client = get(HUB.client(member).onState(states::add).connect())) {
      String keyId = client.hello().json().at("/auth/keyId").asText();
      get(HUB.rest(tenant).request("keys.revoke", Map.of("id", keyId)));
      assertEquals(ErrorCode.UNAUTHORIZED, get(client.ended()).code());
      assertRefused(ErrorCode.UNAUTHORIZED, client.request("agents.list", Json.object()));
      await().until(() -> states.get(states.size() - 1) instanceof ConnectionState.Ended);
    }
  }

  @Test
  void anotherAddressIsTriedWhenOneDoesNotAnswer() throws Exception {
    Tenant tenant = HUB.signUp();
    int nobody;
    try (ServerSocket freed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = freed.getLocalPort();
    }
    try (CuttableLink first = new CuttableLink(HUB.port());
        CuttableLink second = new CuttableLink(HUB.port());
        ParleyClient client =
            get(
                HubExtension.quick(ParleyClient.builder())
                    .url("ws://127.0.0.1:" + nobody)
                    .url(first.url())
                    .url(second.url())
                    .key(tenant.key())
                    .onState(states::add)
                    .connect())) {
      assertEquals(0, second.opened());
      int before = states.size();
      first.goAway();
      awaitState(before, ConnectionState.Reconnecting.class);
      get(client.request("agents.list", Json.object()));
      assertEquals(1, second.opened());
    }
  }

  @Test
  void aHubThatNeverAnswersIsGivenUpInTime() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      CompletableFuture<ParleyClient> connecting =
          ParleyClient.builder()
              .url("ws://127.0.0.1:" + mute.getLocalPort())
              .key("k")
              .connectTimeout(Duration.ofMillis(300))
              .connect();
      assertTrue(Failures.isUnreachable(assertRefused(ErrorCode.UNAVAILABLE, connecting)));
    }
  }

  @Test
  void aClientMayWaitForAHubThatIsNotThereYet() throws Exception {
    Tenant tenant = HUB.signUp();
    HUB.stop();
    CompletableFuture<ParleyClient> connecting =
        HUB.client(tenant).waitForHub(Duration.ofSeconds(20)).onState(states::add).connect();
    awaitState(0, ConnectionState.Reconnecting.class);
    HUB.start();
    get(connecting).close();
  }

  private ParleyClientBuilder over(CuttableLink link, Tenant tenant) {
    return HubExtension.quick(ParleyClient.builder())
        .url(link.url())
        .key(tenant.key())
        .onState(states::add)
        .onGap(gaps::add);
  }

  private void awaitState(int index, Class<? extends ConnectionState> type) {
    await().until(() -> states.size() > index);
    assertInstanceOf(type, states.get(index));
  }

  private static String propose(Tenant from, Tenant to) throws Exception {
    return get(HUB.rest(from)
            .request("channel.propose", Map.of("from", from.id(), "to", to.main())))
        .at("/channel/id")
        .asText();
  }
}
