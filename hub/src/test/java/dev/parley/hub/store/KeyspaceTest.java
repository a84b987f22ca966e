package dev.parley.hub.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class KeyspaceTest {
  private static final Keyspace ACME = Keyspace.of(new TenantId("acme"));

  @Property
  void aPartWithAnyOtherCharacterIsRefused(
      @ForAll("plain") String before, @ForAll("hostile") String character, @ForAll String after) {
    String part = before + character + after;
    assertThrows(IllegalArgumentException.class, () -> ACME.key(part));
    assertThrows(IllegalArgumentException.class, () -> ACME.key("agents", part, "x"));
  }

  @Property
  void aKeyNeverLeavesItsKeyspace(@ForAll("parts") @Size(min = 1, max = 4) List<String> parts) {
    String key = ACME.key(parts.toArray(String[]::new)).value();
    assertTrue(key.startsWith("t:{acme}:"));
    assertEquals(key.indexOf('{'), key.lastIndexOf('{'), "a second hash tag");
  }

  @Property
  void differentPartsAreDifferentKeys(
      @ForAll("parts") @Size(min = 1, max = 4) List<String> one,
      @ForAll("parts") @Size(min = 1, max = 4) List<String> other) {
    assertEquals(
        one.equals(other),
        ACME.key(one.toArray(String[]::new))
            .value()
            .equals(ACME.key(other.toArray(String[]::new)).value()));
  }

  @Example
  void noTwoKeyspacesShareAKey() {
    assertFalse(
        Keyspace.platform()
            .key("x")
            .value()
            .equals(Keyspace.of(new TenantId("platform")).key("x").value()));
    assertFalse(ACME.key("x").value().equals(Keyspace.of(new TenantId("acme2")).key("x").value()));
  }

  @Example
  void anEmptyKeyIsRefused() {
    assertThrows(IllegalArgumentException.class, ACME::key);
    assertThrows(IllegalArgumentException.class, () -> ACME.key(""));
    assertThrows(IllegalArgumentException.class, () -> ACME.key("a", ""));
  }

  @Provide
  Arbitrary<String> plain() {
    return Arbitraries.strings()
        .withChars("abcxyzABCXYZ0123456789-_./")
        .ofMinLength(1)
        .ofMaxLength(12);
  }

  @Provide
  Arbitrary<List<String>> parts() {
    return plain().list().ofMinSize(1).ofMaxSize(4);
  }

  @Provide
  Arbitrary<String> hostile() {
    return Arbitraries.oneOf(
        Arbitraries.of(":", "{", "}", " ", "\n", "\r\n", "\0", "*", "?", "[", "%", "\\", "é", "＠"),
        Arbitraries.strings().ofLength(1).filter(text -> !text.matches("[A-Za-z0-9_./-]")));
  }
}
