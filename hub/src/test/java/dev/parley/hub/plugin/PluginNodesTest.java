package dev.parley.hub.plugin;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.plugin.PluginState.Entry;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one Redis with the same plugins, and what is kept there. */
@ExtendWith(RedisExtension.class)
class PluginNodesTest {
  private static final PluginSettings SETTINGS =
      new PluginSettings(
          2,
          Duration.ofSeconds(2),
          Duration.ofSeconds(20),
          16,
          1 << 16,
          1 << 16,
          3,
          60,
          10,
          10,
          100);

  @TempDir Path data;

  private Vertx vertx;
  private Store store;
  private Node one;
  private Node two;
  private TenantScope acme;
  private TenantScope globex;

  private record Node(
      InstalledPlugins installed, EnabledPlugins enabled, PluginState state, Plugins plugins) {}

  @BeforeEach
  void open(Store running) {
    vertx = Vertx.vertx();
    store = running;
    one = node();
    two = node();
    acme = tenant();
    globex = tenant();
    ObjectNode params =
        PluginFiles.params(PluginFiles.manifest("counter"), PluginFiles.shipped("counter"));
    if (!await(one.installed.all()).containsKey("counter")) {
      await(
          one.installed.install(
              (ObjectNode) params.path("manifest"),
              params.path("wasm").asText(),
              params.path("sha256").asText()));
    }
    await(one.enabled.enable(acme, "counter"));
    await(one.enabled.enable(globex, "counter"));
  }

  @AfterEach
  void close() {
    one.plugins.close();
    two.plugins.close();
    await(vertx.close());
  }

  private Node node() {
    Announcements announcements = new Announcements(store);
    await(announcements.start());
    Clock clock = Clock.systemUTC();
    InstalledPlugins installed = new InstalledPlugins(vertx, store, announcements, SETTINGS, clock);
    EnabledPlugins enabled = new EnabledPlugins(store, installed, announcements, SETTINGS, clock);
    PluginState state = new PluginState(store, SETTINGS);
    return new Node(
        installed,
        enabled,
        state,
        new Plugins(vertx, store, installed, enabled, state, SETTINGS, new HubMetrics()));
  }

  private TenantScope tenant() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    return new TenantScopes(data).of(OwnerOf.tenant(name));
  }

  private static Future<Plugins.Outcome> add(Node node, TenantScope tenant, String counter) {
    return node.plugins.call(tenant, "counter", "add", Json.object().put("name", counter));
  }

  @Test
  void callsOnBothLoseNoCountAndNoneIsCountedTwice() {
    List<Future<Plugins.Outcome>> calls = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      calls.add(add(i % 2 == 0 ? one : two, acme, "n"));
    }
    long done = 0;
    for (Future<Plugins.Outcome> call : calls) {
      try {
        await(call);
        done++;
      } catch (ParleyException busy) {
        assertEquals(ErrorCode.UNAVAILABLE, busy.code(), busy.text());
      }
    }
    assertTrue(done >= 30, "of 60 calls " + done + " were done");
    assertEquals(
        List.of(new Entry("counter", "n", Long.toString(done))), await(one.state.entries(acme)));
  }

  @Test
  void whatOneDisablesTheOtherNoLongerCalls() {
    await(add(two, acme, "n"));
    await(one.enabled.disable(acme, "counter", false));
    Awaitility.await()
        .untilAsserted(
            () ->
                assertEquals(
                    ErrorCode.NOT_FOUND,
                    assertThrows(ParleyException.class, () -> await(add(two, acme, "n"))).code()));
    assertEquals(1, await(add(two, globex, "n")).result().path("count").asInt());
  }

  @Test
  void aCallUnderWayKeepsNothingAfterItsPluginWasDisabled() {
    String install = await(one.installed.get("counter")).install();
    await(one.enabled.disable(acme, "counter", true));
    ParleyException refused =
        assertThrows(
            ParleyException.class,
            () -> await(one.state.commit(acme, "counter", install, null, Map.of("n", "1"))));
    assertEquals(ErrorCode.NOT_FOUND, refused.code());
    assertEquals(List.of(), await(one.state.entries(acme)));
  }

  @Test
  void whatIsKeptIsBoundedByKeysAndBytesAndACommitIsAllOrNothing() {
    String install = await(one.installed.get("counter")).install();
    assertTrue(await(one.state.commit(acme, "counter", install, "0", Map.of("a", "1", "b", "2"))));
    ParleyException keys =
        assertThrows(
            ParleyException.class,
            () ->
                await(
                    one.state.commit(
                        acme, "counter", install, null, Map.of("a", "9", "c", "3", "d", "4"))));
    assertEquals("plugin_state_keys", keys.details().get("limit"));
    ParleyException bytes =
        assertThrows(
            ParleyException.class,
            () ->
                await(
                    one.state.commit(
                        acme, "counter", install, null, Map.of("a", "ü".repeat(30), "b", "9"))));
    assertEquals("plugin_state_bytes", bytes.details().get("limit"));
    assertFalse(await(one.state.commit(acme, "counter", install, "0", Map.of("a", "9"))), "stale");
    assertEquals(
        List.of(new Entry("counter", "a", "1"), new Entry("counter", "b", "2")),
        await(one.state.entries(acme)));
    assertEquals(
        new PluginState.Size(2, 4),
        await(one.state.sizes(acme, List.of("counter"))).get("counter"));
  }

  @Test
  void aTenantsStateIsListedAndErasedAndAnothersIsNot() {
    await(add(one, acme, "n"));
    await(add(one, globex, "n"));
    await(add(one, globex, "m"));
    assertEquals(List.of(new Entry("counter", "n", "1")), await(two.state.entries(acme)));
    await(two.state.erase(acme));
    assertEquals(List.of(), await(one.state.entries(acme)));
    assertEquals(
        List.of(new Entry("counter", "m", "1"), new Entry("counter", "n", "1")),
        await(one.state.entries(globex)));
    assertEquals(1, await(add(one, acme, "n")).result().path("count").asInt());
    await(two.state.erase(tenant()));
  }
}
