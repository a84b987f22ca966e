package dev.parley.hub.model;

import static dev.parley.hub.model.ProviderServer.delta;
import static dev.parley.hub.model.ProviderServer.finish;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.model.ProviderListing.Source;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.outbound.OutboundSettings;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RedisExtension.class)
class ModelsTest {
  private static final String TENANTS_KEY = "sk-tenant-0123456789abcdef";
  private static final String PLATFORMS_KEY = "sk-platform-0123456789abcdef";
  private static final Instant NOW = Instant.ofEpochMilli(1_800_000_000_000L);

  private static Vertx vertx;

  private final TenantScope acme = scope();
  private final TenantScope globex = scope();
  private final ProviderServer tenants =
      new ProviderServer(vertx).thenEvents(delta("yours"), finish("stop"), "[DONE]");
  private final ProviderServer platforms =
      new ProviderServer(vertx).thenEvents(delta("ours"), finish("stop"), "[DONE]");
  private Store store;
  private ProviderKeys keys;

  @BeforeAll
  static void startVertx() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopVertx() {
    vertx.close().await();
  }

  @BeforeEach
  void useStore(Store store) {
    this.store = store;
    this.keys = new ProviderKeys(store, MasterKeys.of(master(1)), () -> NOW);
  }

  @AfterEach
  void closeServers() {
    tenants.close();
    platforms.close();
  }

  @Test
  void aKeyIsReadBackByItsTenantAndNobodyElse() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));

    assertEquals(
        Optional.of(ProviderEndpoint.of(Vendor.OPENAI, null, TENANTS_KEY)),
        await(keys.get(acme, Vendor.OPENAI)));
    assertEquals(Optional.empty(), await(keys.get(globex, Vendor.OPENAI)));
    assertEquals(Optional.empty(), await(keys.get(acme, Vendor.ANTHROPIC)));
  }

  @Test
  void redisNeverHoldsAKeyInTheClear() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, "https://models.example/v1"));
    String stored = await(store.hashGet(acme.key("providers"), "openai"));

    assertFalse(stored.contains("0123456789"), stored);
    assertEquals(
        "https://models.example/v1", Json.parseObject("e", stored).path("baseUrl").asText());
  }

  @Test
  void anEntryCopiedToAnotherTenantDoesNotOpen() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));
    String stored = await(store.hashGet(acme.key("providers"), "openai"));
    await(store.hashSet(globex.key("providers"), "openai", stored));

    assertEquals(ErrorCode.CONFLICT, failure(keys.get(globex, Vendor.OPENAI)).code());
  }

  @Test
  void anEntryPointedAtAnotherAddressDoesNotOpen() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, "https://models.example/v1"));
    String stored = await(store.hashGet(acme.key("providers"), "openai"));
    String moved = stored.replace("models.example", "evil.example");
    await(store.hashSet(acme.key("providers"), "openai", moved));

    assertEquals(ErrorCode.CONFLICT, failure(keys.get(acme, Vendor.OPENAI)).code());
  }

  @Test
  void aKeyIsSealedAnewOnceAndReadableWithTheNewMasterKeyOnly() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));
    await(keys.set(acme, Vendor.OLLAMA, null, "https://ollama.example"));
    ProviderKeys both = keysOf(MasterKeys.of(master(2), master(1)));

    assertEquals(new SealedSecrets.Tally(1, 0), await(both.reseal(acme)));
    assertEquals(SealedSecrets.Tally.NONE, await(both.reseal(acme)), "again is harmless");
    assertEquals(
        TENANTS_KEY,
        await(keysOf(MasterKeys.of(master(2))).get(acme, Vendor.OPENAI)).orElseThrow().apiKey());
    assertEquals(ErrorCode.CONFLICT, failure(keys.get(acme, Vendor.OPENAI)).code());
    assertEquals(1_800_000_000_000L, await(both.list(acme)).get(0).updatedAt());
  }

  @Test
  void aSecretThatNoKeyOpensIsCountedAndLeftAsItIs() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));

    assertEquals(
        new SealedSecrets.Tally(0, 1), await(keysOf(MasterKeys.of(master(2))).reseal(acme)));
    assertEquals(TENANTS_KEY, await(keys.get(acme, Vendor.OPENAI)).orElseThrow().apiKey());
  }

  @Test
  void aKeyThatItsTenantSetsMeanwhileIsNotLost() {
    ProviderKeys both = keysOf(MasterKeys.of(master(2), master(1)));
    for (int i = 0; i < 30; i++) {
      await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));
      Future<SealedSecrets.Tally> resealing = both.reseal(acme);
      await(both.set(acme, Vendor.OPENAI, TENANTS_KEY + i, null));
      await(resealing);

      assertEquals(TENANTS_KEY + i, await(both.get(acme, Vendor.OPENAI)).orElseThrow().apiKey());
    }
  }

  private ProviderKeys keysOf(MasterKeys masters) {
    return new ProviderKeys(store, masters, () -> NOW);
  }

  @Test
  void listingShowsNoKeyAndDeletingForgets() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, null));
    List<ProviderListing> listed = await(keys.list(acme));

    assertEquals(
        "[{\"name\":\"openai\",\"source\":\"tenant\",\"baseUrl\":\"https://api.openai.com/v1\","
            + "\"updatedAt\":1800000000000}]",
        Json.write(listed));
    assertTrue(await(keys.delete(acme, Vendor.OPENAI)));
    assertFalse(await(keys.delete(acme, Vendor.OPENAI)));
    assertEquals(List.of(), await(keys.list(acme)));
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, sk-x, ftp://host/v1, baseUrl",
    "OPENAI, sk-x, https://user:pass@host/v1, baseUrl",
    "OPENAI, sk-x, https://host/v1?a=b, baseUrl",
    "OPENAI, sk-x, https://host/v1#a, baseUrl",
    "OPENAI, sk-x, https:///v1, baseUrl",
    "OPENAI, sk-x, https://host:70000/, baseUrl",
    "OPENAI, sk-x, not a url, baseUrl",
    "OPENAI, sk x, https://host/v1, apiKey",
    "OPENAI, sk-ü, https://host/v1, apiKey",
    "OPENAI, '', https://host/v1, apiKey",
    "OPENAI, , , apiKey",
    "ANTHROPIC, , https://host/v1, apiKey",
    "OLLAMA, , , baseUrl",
  })
  void aMalformedProviderIsRefusedByField(
      Vendor vendor, String apiKey, String baseUrl, String field) {
    ParleyException refusal = failure(keys.set(acme, vendor, apiKey, baseUrl));

    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals(field, refusal.details().get("field"));
    assertEquals(List.of(), await(keys.list(acme)), "something was written");
  }

  @Test
  void theOfflineModelIsTheDefaultAndFree() {
    ResolvedModel model = await(models(true).resolve(acme, null));

    assertEquals("offline/parley-1", model.id());
    assertEquals(Source.BUILTIN, model.source());
    assertEquals(0, model.price().of(1_000_000, 1_000_000));
    assertTrue(say(model, "hello").text().contains("offline model"));
  }

  @Test
  void theTenantsOwnKeyComesFirst() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, tenants.url()));
    ResolvedModel model = await(models(true).resolve(acme, "openai/gpt-x"));

    assertEquals("yours", say(model, "hello").text());
    assertEquals(Source.TENANT, model.source());
    assertEquals(ModelPrice.FREE, model.price(), "the tenant pays its vendor itself");
    assertEquals(List.of("Bearer " + TENANTS_KEY), List.copyOf(tenants.credentials));
    assertEquals(0, platforms.requests.size());
  }

  @Test
  void thePlatformsKeyServesTenantsWithoutOne() {
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, tenants.url()));
    ResolvedModel model = await(models(false).resolve(globex, "openai/gpt-x"));

    assertEquals("ours", say(model, "hello").text());
    assertEquals(Source.PLATFORM, model.source());
    assertEquals(1_500, model.price().inputPer1k());
    assertEquals(List.of("Bearer " + PLATFORMS_KEY), List.copyOf(platforms.credentials));
  }

  @Test
  void thePlatformsKeyIsNeverSentToATenantsAddress() {
    await(keys.set(acme, Vendor.OPENAI, null, tenants.url()));
    ResolvedModel model = await(models(true).resolve(acme, "openai/gpt-x"));

    assertEquals("yours", say(model, "hello").text());
    assertEquals(List.of(), List.copyOf(tenants.credentials));
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "[::1]", "2130706433", "[::ffff:127.0.0.1]"})
  void aTenantsAddressInsideTheOperatorsNetworkIsRefused(String host) {
    String url = tenants.url().replace("127.0.0.1", host);
    await(keys.set(acme, Vendor.OPENAI, TENANTS_KEY, url));
    ResolvedModel model = await(models(false).resolve(acme, "openai/gpt-x"));
    Caller caller = new Caller(vertx);
    caller.start(model.provider(), request(model, "hello"));
    ParleyException refusal = caller.failure();

    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals("baseUrl", refusal.details().get("field"));
    assertEquals(0, tenants.requests.size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "anthropic/claude-x",
        "gpt-5",
        "openai/",
        "/gpt-5",
        "cohere/x",
        "offline/other",
        "",
        "a b/c"
      })
  void aModelThatCannotRunIsRefusedWithAWayOut(String id) {
    ParleyException refusal = failure(models(true).resolve(acme, id));

    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals("model", refusal.details().get("field"));
  }

  @Test
  void aMissingKeySaysHowToSetOne() {
    ParleyException refusal = failure(models(true).resolve(acme, "anthropic/claude-x"));

    assertTrue(refusal.text().contains("parley providers set anthropic"), refusal.text());
  }

  @Test
  void aModelIsResolvedOnTheContextThatAskedForIt() {
    Models models = models(true);
    for (int i = 0; i < 6; i++) {
      Context context = ((VertxInternal) vertx).createEventLoopContext();
      Promise<Context> seen = Promise.promise();
      context.runOnContext(
          turn ->
              models
                  .resolve(acme, "openai/gpt-x")
                  .onComplete(result -> seen.complete(Vertx.currentContext())));

      assertSame(context, await(seen.future()));
    }
  }

  @Test
  void modelsAndProvidersAreThoseWithAKey() {
    await(keys.set(acme, Vendor.OLLAMA, null, "https://ollama.example"));
    Models models = models(true);

    assertEquals(
        List.of("offline builtin", "ollama tenant", "openai platform"),
        await(models.providers(acme)).stream().map(p -> p.name() + " " + p.source()).toList());
    assertNull(await(models.providers(acme)).get(2).baseUrl());
    assertEquals(
        List.of("offline", "openai"),
        await(models.list(globex)).stream().map(ModelListing::provider).distinct().toList());
    assertTrue(
        await(models.list(acme)).contains(new ModelListing("ollama/qwen3", "qwen3", "ollama")));
  }

  @Test
  void aKeyInTheEnvironmentIsUsedOnlyWhenEnabled() {
    Map<String, String> environment = Map.of("OPENAI_API_KEY", PLATFORMS_KEY);
    ModelSettings off = ModelSettings.defaults().withPlatformKeys(Set.of(), environment);
    ModelSettings on =
        ModelSettings.defaults().withPlatformKeys(Set.of(Vendor.OPENAI), environment);

    assertEquals(Map.of(), off.platform());
    assertEquals(PLATFORMS_KEY, on.platform().get(Vendor.OPENAI).apiKey());
    assertFalse(on.toString().contains(PLATFORMS_KEY), on.toString());
    assertThrows(
        ParleyException.class,
        () -> ModelSettings.defaults().withPlatformKeys(Set.of(Vendor.ANTHROPIC), environment));
  }

  private Models models(boolean privateBaseUrls) {
    ModelSettings defaults = ModelSettings.defaults();
    ProviderEndpoint platform = new ProviderEndpoint(Vendor.OPENAI, platforms.url(), PLATFORMS_KEY);
    ModelSettings settings =
        new ModelSettings(
            defaults.defaultModel(),
            Map.of(Vendor.OPENAI, platform),
            defaults.requestTimeout(),
            defaults.maxOutputTokens(),
            1,
            java.time.Duration.ZERO);
    List<String> networks = privateBaseUrls ? OutboundSettings.EVERYWHERE : List.of();
    OutboundClient outbound = new OutboundClient(vertx, new OutboundSettings(4, networks));
    return new Models(vertx, settings, ModelPrices.defaults(), keys, outbound);
  }

  private static ModelReply say(ResolvedModel model, String text) {
    return new Caller(vertx).call(model.provider(), request(model, text));
  }

  private static ModelRequest request(ResolvedModel model, String text) {
    return model.request("", List.of(new ModelMessage.UserText(text)), List.of());
  }

  private static ParleyException failure(Future<?> future) {
    return assertThrows(ParleyException.class, () -> await(future));
  }

  private static TenantScope scope() {
    TenantId tenant = new TenantId("t" + UUID.randomUUID().toString().substring(0, 18));
    return new TenantScopes(Path.of("unused")).of(HubPrincipals.bookkeeper(tenant));
  }

  private static MasterKey master(int first) {
    byte[] bytes = new byte[MasterKey.BYTES];
    bytes[0] = (byte) first;
    return MasterKey.of("test", Base64.getEncoder().encodeToString(bytes));
  }
}
