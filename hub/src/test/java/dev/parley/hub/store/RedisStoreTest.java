package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class RedisStoreTest {
  private static final Keyspace KEYS = Keyspace.platform();

  private final Store store;

  RedisStoreTest(Store store) {
    this.store = store;
  }

  @Test
  void aValueIsReadAsItWasWritten() {
    Key key = KEYS.key("value");
    assertNull(await(store.get(key)));
    await(store.set(key, "naïve \"quoted\"\r\n🙂", 0));
    assertEquals("naïve \"quoted\"\r\n🙂", await(store.get(key)));
    assertEquals(1, await(store.delete(key, KEYS.key("absent"))));
    assertNull(await(store.get(key)));
  }

  @Test
  void aHashKeepsItsFields() {
    Key key = KEYS.key("hash");
    assertEquals(Map.of(), await(store.hashGetAll(key)));
    await(store.hashSet(key, "a", "1"));
    assertTrue(await(store.hashSetIfAbsent(key, "b", "2")));
    assertFalse(await(store.hashSetIfAbsent(key, "b", "3")));
    assertEquals(Map.of("a", "1", "b", "2"), await(store.hashGetAll(key)));
    assertEquals("2", await(store.hashGet(key, "b")));
    assertEquals(2, await(store.hashSize(key)));
    assertTrue(await(store.hashDelete(key, "a")));
    assertFalse(await(store.hashDelete(key, "a")));
    assertNull(await(store.hashGet(key, "a")));
  }

  @Test
  void aSortedSetIsReadInPagesInTheOrderOfNames() {
    Key key = KEYS.key("sorted");
    for (String name : List.of("cherry", "apple", "banana")) {
      assertTrue(await(store.sortedAdd(key, name)));
    }
    assertFalse(await(store.sortedAdd(key, "apple")));
    assertEquals(List.of("apple", "banana"), await(store.sortedAfter(key, null, 2)));
    assertEquals(List.of("cherry"), await(store.sortedAfter(key, "banana", 2)));
    assertTrue(await(store.sortedRemove(key, "banana")));
    assertEquals(List.of("apple", "cherry"), await(store.sortedAfter(key, null, 10)));
  }
}
