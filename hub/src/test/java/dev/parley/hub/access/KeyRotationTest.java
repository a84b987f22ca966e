package dev.parley.hub.access;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.hub.channel.DyingStore;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A rotation that is cut short leaves a key that its holder has. */
@ExtendWith(RedisExtension.class)
class KeyRotationTest {
  private final Store store;
  private final ApiKeys keys;

  KeyRotationTest(Store store) {
    this.store = store;
    this.keys = keysOn(store);
  }

  private static ApiKeys keysOn(Store store) {
    Announcements announcements = new Announcements(store);
    await(announcements.start());
    return new ApiKeys(store, announcements, Clock.systemUTC());
  }

  private ApiKeys dyingAt(String script) {
    DyingStore dying = new DyingStore(store, Integer.MAX_VALUE);
    dying.dieAtNext(script, 1);
    return keysOn(dying);
  }

  private IssuedKey owner(TenantId tenant) {
    return await(keys.store(tenant, keys.prepare(tenant, Role.OWNER, "owner", null, 0), 10));
  }

  private ApiKey valid(String secret) {
    return await(keys.verify(KeyText.parse(secret).orElseThrow()));
  }

  @Test
  void whoseSuccessorIsNotStoredLastsAndNothingElseCounts() {
    TenantId acme = new TenantId("acme");
    IssuedKey old = owner(acme);
    ParleyException failure =
        assertThrows(
            ParleyException.class,
            () -> await(dyingAt("key-add").rotate(OwnerOf.tenant(acme.value()), old.id(), 0, 10)));
    assertEquals(ErrorCode.UNAVAILABLE, failure.code());
    assertNotNull(valid(old.secret()));
    assertEquals(1, await(keys.list(acme)).size());
  }

  @Test
  void whoseSuccessorIsStoredAnswersItThoughTheOldKeyCannotBeEnded() {
    TenantId globex = new TenantId("globex");
    IssuedKey old = owner(globex);
    var rotated =
        await(dyingAt("key-revoke").rotate(OwnerOf.tenant(globex.value()), old.id(), 0, 10));
    assertNotNull(valid(rotated.getKey().secret()));
    assertNotNull(valid(old.secret()));
    assertFalse(rotated.getValue().has("expiresAt"), rotated.getValue().toString());
  }

  @Test
  void atTheLimitAKeyIsRotatedWithoutOverlapOnly() {
    TenantId initech = new TenantId("initech");
    IssuedKey old = owner(initech);
    ParleyException full =
        assertThrows(
            ParleyException.class,
            () -> await(keys.rotate(OwnerOf.tenant(initech.value()), old.id(), 60_000, 1)));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, full.code());
    assertNotNull(valid(old.secret()));
    var rotated = await(keys.rotate(OwnerOf.tenant(initech.value()), old.id(), 0, 1));
    assertNotNull(valid(rotated.getKey().secret()));
    assertNull(valid(old.secret()));
  }
}
