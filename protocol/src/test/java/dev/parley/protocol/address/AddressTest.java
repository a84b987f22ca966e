package dev.parley.protocol.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  static List<String> hostileNames() {
    List<String> names =
        new ArrayList<>(
            List.of(
                "",
                " ",
                "-",
                "a-",
                "-a",
                "a--b",
                ".",
                "..",
                "../a",
                "a/b",
                "a:b",
                "a.b",
                "a_b",
                "{a}",
                "{",
                "}",
                "*",
                "a*",
                "a?",
                "a[b]",
                "a b",
                " a",
                "a ",
                "a\n",
                "\na",
                "a\u0000",
                "a\u0000b",
                "a\\b",
                "%61",
                "a%2fb",
                "a'b",
                "a\"b",
                "$a",
                "a;b",
                "Acme",
                "aCME"));
    names.add("a".repeat(41));
    names.add("\u0430cme"); // Cyrillic a
    names.add("ac\u043ce"); // Cyrillic m
    names.add("\uff41cme"); // full-width a
    names.add("acm\u00e9");
    names.add("acme\u0301");
    names.add("stra\u00dfe");
    names.add("\u0131d"); // dotless i
    names.add("\u212aelvin"); // Kelvin sign, lower-cases to k
    names.add("\u0661"); // an Arabic digit
    names.add("\u00b2");
    names.add("a\u00adb"); // soft hyphen
    names.add("a\u2010b"); // hyphen that is not ASCII
    names.add("a\u200bb"); // zero width space
    names.add("\u202eacme"); // right-to-left override
    names.add("\ud83d\ude00");
    names.add("\ud83d");
    names.add("\ufeffacme");
    return names;
  }

  @Property
  void everyNameOfTheGrammarIsTakenAsItIs(@ForAll("names") String name) {
    assertEquals(name, new TenantId(name).value());
    assertEquals(name, new TenantId(name).toString());
    assertEquals(name, new AgentId(name).toString());
    assertEquals(name + "/x", AgentAddress.parse(name + "/x").toString());
    assertEquals("x/" + name, AgentAddress.parse("x/" + name).toString());
    assertEquals("market:x/" + name, ListingId.parse("x/" + name).toString());
  }

  @Property
  void exactlyTheNamesOfTheGrammarAreTaken(@ForAll("nearNames") String text) {
    boolean valid = NAME.matcher(text).matches() && text.length() <= 40;
    if (valid) {
      assertEquals(text, new TenantId(text).value());
    } else {
      refused("tenant", () -> new TenantId(text));
    }
  }

  @ParameterizedTest
  @MethodSource("hostileNames")
  void aHostileNameIsRefusedEverywhere(String name) {
    refused("tenant", () -> new TenantId(name));
    refused("agent", () -> new AgentId(name));
    refused("listing", () -> new ListingId(new TenantId("acme"), name));
    refused("agent", () -> AgentAddress.parse("acme/" + name));
    refused("listing", () -> ListingId.parse("market:acme/" + name));
    refused("agent", () -> Party.parse("acme/" + name));
    refused("to", () -> Target.parse("acme/" + name));
    refused("to", () -> Target.parse("market:acme/" + name));
    refused("to", () -> Target.parse(name + "/worker"));
    refused("to", () -> Target.parse("market:" + name + "/quotes"));
    for (String text : new String[] {name + "/worker", "market:" + name + "/quotes"}) {
      assertThrows(ParleyException.class, () -> AgentAddress.parse(text));
      assertThrows(ParleyException.class, () -> ListingId.parse(text));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "acme", "market:acme", "a:b", "market:"})
  void anAddressHasTwoParts(String text) {
    refused("address", () -> AgentAddress.parse(text));
    refused("listing", () -> ListingId.parse(text));
    refused("to", () -> Target.parse(text));
  }

  @Test
  void fortyCharactersAreANameAndFortyOneAreNot() {
    assertEquals("a".repeat(40), new TenantId("a".repeat(40)).value());
    refused("tenant", () -> new TenantId("a".repeat(41)));
  }

  @Test
  void aTargetIsAnAgentOrAListing() {
    assertInstanceOf(AgentAddress.class, Target.parse("acme/worker"));
    assertInstanceOf(ListingId.class, Target.parse("market:acme/worker"));
    refused("to", () -> Target.parse("MARKET:acme/worker"));
    refused("to", () -> Target.parse("market:market:acme/worker"));
  }

  @Test
  void aTenantCoversItsAgentsAndAnAgentOnlyItself() {
    Party acme = Party.parse("acme");
    Party worker = Party.parse("acme/worker");
    assertTrue(acme.covers(acme));
    assertTrue(acme.covers(worker));
    assertTrue(worker.covers(worker));
    assertFalse(worker.covers(acme));
    assertFalse(worker.covers(Party.parse("acme/other")));
    assertFalse(acme.covers(Party.parse("globex/worker")));
    assertFalse(worker.covers(Party.parse("globex/worker")));
  }

  @Test
  void aRefusalShowsAHostileNameHarmlessly() {
    String hostile = "\u001b[31m\u202e\r\n\"" + "y".repeat(100_000);
    ParleyException refusal = refused("tenant", () -> new TenantId(hostile));
    assertTrue(refusal.text().length() < 200);
    assertTrue(refusal.text().chars().allMatch(c -> (c >= ' ' && c < 127) || c == '…'));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "A-b_c.9", "0", "-a", "_", "a..b", "a."})
  void aMessageIdMayBeChosenByTheCaller(String text) {
    assertEquals(text, new MessageId(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".", "..", ".a", "a b", "a/b", "a:b", "{a}", "*", "é", "a\n", "\u0430", "\u0000"
      })
  void aHostileMessageIdIsRefused(String text) {
    refused("messageId", () -> new MessageId(text));
    refused("messageId", () -> new MessageId("a".repeat(65)));
  }

  @Provide
  Arbitrary<String> names() {
    return nearNames().filter(text -> NAME.matcher(text).matches() && text.length() <= 40);
  }

  @Provide
  Arbitrary<String> nearNames() {
    return Arbitraries.strings()
        .withChars("abcxyz0189-")
        .ofMinLength(1)
        .ofMaxLength(44)
        .edgeCases(cases -> cases.add("a", "0", "-", "a-b", "a".repeat(40), "a".repeat(41)));
  }

  private static ParleyException refused(String field, Executable attempt) {
    ParleyException refusal = assertThrows(ParleyException.class, attempt);
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals(field, refusal.details().get("field"));
    return refusal;
  }
}
