package dev.parley.hub.session;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.session.SessionIndex.Stored;
import java.time.Clock;
import org.junit.jupiter.api.Test;

class SessionIndexTest extends SessionFixture {
  private static final SessionKey SIDE = new SessionKey(HELPER, "side");

  private SessionIndex index() {
    return new SessionIndex(store, new Fencing(store), 10, Clock.systemUTC());
  }

  @Test
  void removesARowOnlyAsItWasRead() {
    SessionIndex index = index();
    Stored read = await(index.open(acme, SIDE));
    assertTrue(await(index.remove(acme, SIDE, read)));
    assertNull(await(index.find(acme, SIDE)));

    Stored anew = await(index.open(acme, SIDE));
    assertFalse(await(index.remove(acme, SIDE, read)));
    assertEquals(anew, await(index.find(acme, SIDE)));
  }
}
