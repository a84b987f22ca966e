package dev.parley.hub.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class SessionKeyTest {
  private static final AgentId HELPER = new AgentId("helper");

  @Example
  void aBareKeyIsOneOfTheDefaultAgent() {
    assertEquals("agent:helper:main", SessionKey.parse("main", HELPER).toString());
    assertEquals("agent:helper:acp-bridge:1", SessionKey.parse("acp-bridge:1", HELPER).toString());
    assertTrue(SessionKey.parse("main", HELPER).isMain());
  }

  @Example
  void aFullKeyNamesItsAgent() {
    SessionKey key = SessionKey.parse("agent:other:tui-1:thread:2", HELPER);
    assertEquals(new SessionKey(new AgentId("other"), "tui-1:thread:2"), key);
    assertEquals(key, SessionKey.parse(key.toString(), HELPER));
  }

  @Example
  void hostileKeysAreRefusedByName() {
    for (String key :
        List.of(
            "",
            "agent:",
            "agent::main",
            "agent:helper",
            "agent:helper:",
            "agent:Helper:main",
            "agent:../x:main",
            "a b",
            "a\nb",
            "a\u0000",
            "{acme}",
            "a*",
            "caf\u00e9",
            "x".repeat(500))) {
      ParleyException refused =
          assertThrows(ParleyException.class, () -> SessionKey.parse(key, HELPER), key);
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
      assertEquals("sessionKey", refused.details().get("field"));
    }
  }

  @Property
  void whatIsAcceptedReadsBackTheSame(@ForAll String text) {
    try {
      SessionKey key = SessionKey.parse(text, HELPER);
      assertEquals(key, SessionKey.parse(key.toString(), new AgentId("other")));
      assertTrue(key.toString().length() <= SessionKey.MAX_LENGTH);
    } catch (ParleyException e) {
      assertEquals("sessionKey", e.details().get("field"));
    }
  }
}
