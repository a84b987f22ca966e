package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeCodecTest {
  private static final Envelope ENVELOPE =
      new Envelope(
          new MessageId("m-1"),
          Party.parse("acme"),
          AgentAddress.parse("globex/quotes"),
          "agent:main/x_1.2-Z",
          List.of(),
          1_800_000_000_000L,
          null,
          Kind.CALL,
          new RawJson("42.0"));

  @Property
  void anEnvelopeCrossesTheWireWholeAndItsPayloadAsItCame(@ForAll("envelopes") Envelope envelope) {
    RawJson written = EnvelopeCodec.write(envelope);
    assertEquals(envelope, EnvelopeCodec.read(written));
    assertTrue(
        written.text().endsWith(",\"payload\":" + envelope.payload().text() + '}'), written::text);
    Frame.Request delivery =
        assertInstanceOf(
            Frame.Request.class,
            FrameCodec.parse(FrameCodec.request("7", "agent.deliver", written)));
    assertEquals(written, delivery.params());
  }

  @Test
  void theEnvelopeSaysHowManyAgentsHavePassedItOn() {
    Envelope passedOn =
        new Envelope(
            ENVELOPE.id(),
            ENVELOPE.from(),
            ENVELOPE.to(),
            ENVELOPE.conversation(),
            List.of(cause("a", "acme/a"), cause("b", "globex/b")),
            ENVELOPE.deadline(),
            null,
            Kind.STREAM,
            RawJson.NULL);
    assertEquals(2, passedOn.hops());
    assertTrue(EnvelopeCodec.write(passedOn).text().contains("\"hops\":2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "id":"m-1"          | "id":".."            | messageId
          "id":"m-1"          | "id":7               | id
          "id":"m-1"          | "x":7                | id
          "from":"acme"       | "from":"Acme"        | tenant
          "to":"globex/quotes"| "to":"globex"        | address
          "conversation":"agent:main/x_1.2-Z" | "conversation":"a b" | conversation
          "kind":"call"       | "kind":"CALL"        | kind
          "kind":"call"       | "kind":"shout"       | kind
          "kind":"call"       | "kind":null          | kind
          "hops":0            | "causes":[7]         | causes
          "hops":0            | "causes":[{"message":"m","handler":"x"}] | address
          "hops":0            | "rights":"call"      | rights
          "hops":0            | "rights":[7]         | rights
          "hops":0            | "traceparent":7      | traceparent
          "deadline":1800000000000 | "deadline":"1"  | deadline
          "deadline":1800000000000 | "deadline":1e99 | deadline
          "deadline":1800000000000 | "deadline":18446744073709551617 | deadline
          """)
  void aForgedEnvelopeIsRefused(String good, String bad, String field) {
    String text = EnvelopeCodec.write(ENVELOPE).text();
    assertTrue(text.contains(good));
    RawJson forged = new RawJson(text.replace(good, bad));
    ParleyException refusal = assertThrows(ParleyException.class, () -> EnvelopeCodec.read(forged));
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals(field, refusal.details().get("field"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\n", "é", "{a}", "a*", "a\"", "a\\", "a;", "a,"})
  void aConversationNeedsNoEscapingAnywhere(String conversation) {
    for (String text : new String[] {conversation, "a".repeat(129)}) {
      ParleyException refusal =
          assertThrows(ParleyException.class, () -> Envelope.requireConversation(text));
      assertEquals("conversation", refusal.details().get("field"));
    }
  }

  private static Cause cause(String message, String handler) {
    return new Cause(new MessageId(message), AgentAddress.parse(handler), false);
  }

  @Provide
  Arbitrary<Envelope> envelopes() {
    Arbitrary<String> names =
        Arbitraries.strings().withCharRange('a', 'z').numeric().ofMinLength(1).ofMaxLength(40);
    Arbitrary<AgentAddress> agents =
        Combinators.combine(names, names).as((t, a) -> AgentAddress.parse(t + '/' + a));
    Arbitrary<Party> parties = Arbitraries.oneOf(agents.map(Party::of), names.map(Party::parse));
    Arbitrary<MessageId> ids =
        Arbitraries.strings()
            .alpha()
            .numeric()
            .withChars("-_")
            .ofMinLength(1)
            .ofMaxLength(64)
            .map(MessageId::new);
    Arbitrary<String> conversations =
        Arbitraries.strings().alpha().numeric().withChars("-._:/").ofMinLength(1).ofMaxLength(128);
    Arbitrary<List<Cause>> causes =
        Combinators.combine(ids, agents, Arbitraries.of(true, false))
            .as(Cause::new)
            .list()
            .ofMaxSize(4);
    Arbitrary<String> traces = Arbitraries.strings().ascii().ofMaxLength(60).injectNull(0.5);
    return Combinators.combine(ids, parties, agents, conversations, causes, traces)
        .flatAs(
            (id, from, to, conversation, chain, trace) ->
                Combinators.combine(
                        Arbitraries.longs(),
                        Arbitraries.of(Kind.class),
                        names.list().ofMaxSize(3).injectNull(0.5),
                        JsonTexts.values())
                    .as(
                        (deadline, kind, rights, payload) ->
                            new Envelope(
                                id,
                                from,
                                to,
                                conversation,
                                chain,
                                deadline,
                                trace,
                                kind,
                                rights,
                                new RawJson(payload))));
  }
}
