package dev.parley.hub.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Base64;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

class KeySealTest {
  private static final String URL = "https://api.openai.com/v1";
  private static final KeySeal.Place ACME = place("acme", Vendor.OPENAI, URL);

  private final KeySeal seal = new KeySeal(MasterKeys.of(master(1)));

  @Property(tries = 200)
  void aKeyComesBackAsItWas(@ForAll @StringLength(min = 1, max = 512) String secret) {
    String text = new String(secret.getBytes(UTF_8), UTF_8);

    assertEquals(text, seal.open(ACME, seal.seal(ACME, text)));
  }

  @Property(tries = 200)
  void aChangedBitIsFoundOut(
      @ForAll @AlphaChars @StringLength(min = 1, max = 64) String secret,
      @ForAll @IntRange(max = 1_000_000) int anywhere) {
    String sealed = seal.seal(ACME, secret);
    String head = sealed.substring(0, sealed.lastIndexOf(':') + 1);
    byte[] bytes = Base64.getDecoder().decode(sealed.substring(head.length()));
    int bit = anywhere % (bytes.length * 8);
    bytes[bit / 8] ^= (byte) (1 << (bit % 8));

    refused(seal, ACME, head + Base64.getEncoder().encodeToString(bytes));
  }

  @Property(tries = 200)
  void aShortenedTextIsFoundOut(@ForAll @IntRange(max = 200) int length) {
    String sealed = seal.seal(ACME, "sk-0123456789");

    refused(seal, ACME, sealed.substring(0, Math.min(length, sealed.length() - 1)));
  }

  @Example
  void aKeyOpensForNoOtherTenantProviderOrAddress() {
    String sealed = seal.seal(ACME, "sk-0123456789");

    refused(seal, place("globex", Vendor.OPENAI, URL), sealed);
    refused(seal, place("acme", Vendor.ANTHROPIC, URL), sealed);
    refused(seal, place("acme", Vendor.OPENAI, "https://evil.example/v1"), sealed);
  }

  @Example
  void anotherMasterKeyIsNamed() {
    String sealed = seal.seal(ACME, "sk-0123456789");
    ParleyException refusal = refused(new KeySeal(MasterKeys.of(master(2))), ACME, sealed);

    assertTrue(refusal.text().contains(master(1).id()), refusal.text());
    assertTrue(refusal.text().contains(master(2).id()), refusal.text());
  }

  @Example
  void anOlderKeyOpensAndTheNewOneSeals() {
    KeySeal both = new KeySeal(MasterKeys.of(master(2), master(1)));
    String old = seal.seal(ACME, "sk-0123456789");
    String anew = both.seal(ACME, both.open(ACME, old));

    assertFalse(both.isCurrent(old));
    assertTrue(both.isCurrent(anew));
    assertEquals(
        "sk-0123456789", new KeySeal(MasterKeys.of(master(2))).open(ACME, anew), "the old can go");
    refused(seal, ACME, anew);
  }

  @Example
  void aClaimedMasterKeyIsNotBelieved() {
    String sealed = new KeySeal(MasterKeys.of(master(2))).seal(ACME, "sk-0123456789");

    refused(seal, ACME, sealed.replace(master(2).id(), master(1).id()));
  }

  @Example
  void theSameKeyIsNeverSealedTheSameWay() {
    String once = seal.seal(ACME, "sk-0123456789");

    assertNotEquals(once, seal.seal(ACME, "sk-0123456789"));
    assertTrue(once.startsWith("v1:" + master(1).id() + ":"), once);
    assertFalse(once.contains("sk-"), once);
  }

  private static ParleyException refused(KeySeal seal, KeySeal.Place place, String sealed) {
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> seal.open(place, sealed), sealed);
    assertEquals(ErrorCode.CONFLICT, refusal.code());
    return refusal;
  }

  private static KeySeal.Place place(String tenant, Vendor vendor, String url) {
    return new KeySeal.Place(new TenantId(tenant), vendor, url);
  }

  private static MasterKey master(int first) {
    byte[] bytes = new byte[MasterKey.BYTES];
    bytes[0] = (byte) first;
    return MasterKey.of("test", Base64.getEncoder().encodeToString(bytes));
  }
}
