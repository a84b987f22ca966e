package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

class FrameCodecPropertiesTest {
  @Property
  void paramsAreTheTextThatCame(
      @ForAll("values") String params,
      @ForAll("values") String unknown,
      @ForAll("spaces") String ws) {
    List<String> members =
        List.of(
            "\"type\"" + ws + ":\"req\"",
            "\"id\":" + ws + "\"7\"",
            "\"method\":\"x\"",
            "\"params\"" + ws + ':' + ws + params,
            "\"zzz\":" + unknown);
    for (String frame : JsonTexts.shuffled(members, ws).sampleStream().limit(3).toList()) {
      Frame.Request request = assertInstanceOf(Frame.Request.class, FrameCodec.parse(frame));
      assertEquals(slice(params), request.params(), frame);
      assertEquals("7", request.id());
      assertEquals("x", request.method());
    }
  }

  @Property
  void payloadAndErrorAreTheTextThatCame(
      @ForAll("values") String payload,
      @ForAll("values") String error,
      @ForAll("spaces") String ws) {
    List<String> members =
        List.of(
            "\"type\":\"res\"",
            "\"id\":\"7\"",
            "\"ok\":" + ws + "true",
            "\"payload\":" + ws + payload,
            "\"error\":" + ws + error);
    for (String frame : JsonTexts.shuffled(members, ws).sampleStream().limit(3).toList()) {
      assertEquals(
          new Frame.Response("7", true, slice(payload), slice(error)), FrameCodec.parse(frame));
    }
  }

  @Property(tries = 200)
  void aSliceIsExactWhereverTheReadersBufferEnds(
      @ForAll("values") String params, @ForAll @IntRange(min = 3_800, max = 4_100) int padding) {
    for (int buffers = 0; buffers < 9; buffers += 4) {
      String pad = "p".repeat(padding + 4_000 * buffers);
      String frame =
          "{\"pad\":\""
              + pad
              + "\",\"params\":"
              + params
              + ",\"type\":\"req\",\"id\":\"7\","
              + "\"method\":\"x\"}";
      assertEquals(new Frame.Request("7", "x", slice(params), null), FrameCodec.parse(frame));
    }
  }

  @Property
  void whatIsWrittenIsReadBack(
      @ForAll("names") String id, @ForAll("names") String name, @ForAll("values") String value) {
    RawJson raw = new RawJson(value);
    assertEquals(
        new Frame.Request(id, name, slice(value), null),
        FrameCodec.parse(FrameCodec.request(id, name, raw)));
    assertEquals(
        new Frame.Response(id, true, slice(value), null), FrameCodec.parse(FrameCodec.ok(id, raw)));
    assertEquals(
        new Frame.Event(name, slice(value), 0), FrameCodec.parse(FrameCodec.event(name, raw, 0)));
    assertEquals(
        new Frame.Event(name, slice(value), Long.MAX_VALUE),
        FrameCodec.parse(FrameCodec.event(name, raw, Long.MAX_VALUE)));
  }

  @Property
  void theMembersOfAnObjectAreTheTextsThatCame(
      @ForAll("values") String first,
      @ForAll("values") String second,
      @ForAll("spaces") String ws) {
    String object = "{" + ws + "\"a\":" + ws + first + ws + ",\"b\":" + second + ws + "}";
    var members = FrameCodec.members(new RawJson(object));
    assertEquals(slice(first), members.get("a"));
    assertEquals(slice(second), members.get("b"));
  }

  @Property(tries = 5_000)
  void aMutatedFrameIsReadOrRefusedAndNothingElse(@ForAll("mutatedFrames") String text) {
    attempt(() -> FrameCodec.parse(text));
    attempt(() -> Json.parse("text", text));
    assertTrue(FrameCodec.headOf(text).map(String::length).orElse(1) <= Frame.MAX_NAME_LENGTH);
  }

  @Property
  void noTextAtAllBreaksTheReader(@ForAll String text) {
    attempt(() -> FrameCodec.parse(text));
    attempt(() -> Json.parse("text", text));
    FrameCodec.headOf(text);
  }

  private static void attempt(Runnable reading) {
    try {
      reading.run();
    } catch (ParleyException refusal) {
      assertInstanceOf(String.class, refusal.details().get("field"));
    }
  }

  private static @Nullable RawJson slice(String text) {
    return text.equals("null") ? null : new RawJson(text);
  }

  @Provide
  Arbitrary<String> values() {
    return JsonTexts.values();
  }

  @Provide
  Arbitrary<String> spaces() {
    return JsonTexts.whitespace();
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.strings()
        .withCharRange('\u0000', '\u00ff')
        .withChars("\"\\\u2028漢")
        .ofMinLength(1)
        .ofMaxLength(128);
  }

  @Provide
  Arbitrary<String> mutatedFrames() {
    Arbitrary<String> frames =
        Combinators.combine(JsonTexts.values(), Arbitraries.of(0, 1, 2))
            .as(
                (value, kind) -> {
                  RawJson raw = new RawJson(value);
                  return switch (kind) {
                    case 0 -> FrameCodec.request("7", "agent.call", raw);
                    case 1 -> FrameCodec.ok("7", raw);
                    default -> FrameCodec.event("chat", raw, 3);
                  };
                });
    Function<Arbitrary<String>, Arbitrary<String>> once = JsonTexts::mutated;
    return Arbitraries.oneOf(once.apply(frames), once.andThen(once).apply(frames));
  }
}
