package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorJsonTest {
  @ParameterizedTest
  @EnumSource
  void anErrorCrossesTheWireWhole(ErrorCode code) {
    ParleyException sent =
        new ParleyException(code, "line 1\n\"quoted\" \u2028 漢")
            .with("limit", "messages")
            .with("used", 5)
            .with("max", 9_000_000_000L)
            .with("exact", true)
            .with("chain", List.of("acme/a", "globex/b"))
            .with("owner", Map.of("tenant", "acme"))
            .retryAfter(1500);
    String frame = FrameCodec.error("7", sent);
    Frame.Response response = assertInstanceOf(Frame.Response.class, FrameCodec.parse(frame));
    assertFalse(response.ok());
    assertEquals("7", response.id());

    ParleyException told = FrameCodec.toException(response.error());
    assertEquals(code, told.code());
    assertEquals(sent.text(), told.text());
    assertEquals(1500, told.retryAfterMs());
    assertEquals(FrameCodec.toJson(sent), FrameCodec.toJson(told));
    sent.details().forEach((key, value) -> assertEquals(value, told.details().get(key)));
  }

  @Test
  void theCodeIsInCapitalsAndItsWireNameIsADetailUnlessAMorePreciseOneIsSet() {
    ObjectNode json = FrameCodec.toJson(ParleyException.notFound("agent"));
    assertEquals("NOT_FOUND", json.path("code").asText());
    assertEquals("not_found", json.at("/details/code").asText());
    assertEquals(false, json.path("retryable").asBoolean(true));
    assertFalse(json.has("retryAfterMs"));
    ParleyException precise =
        new ParleyException(ErrorCode.FORBIDDEN, "no").with(ParleyException.DETAIL_CODE, "MISSING");
    assertEquals("MISSING", FrameCodec.toJson(precise).at("/details/code").asText());
  }

  @Test
  void anErrorOfALaterVersionIsInternal() {
    ParleyException told =
        FrameCodec.toException(new RawJson("{\"code\":\"TEAPOT\",\"message\":\"short\"}"));
    assertEquals(ErrorCode.INTERNAL, told.code());
    assertEquals("short", told.text());
    assertEquals(-1, told.retryAfterMs());
  }

  @Test
  void noErrorAtAllIsInternal() {
    assertEquals(ErrorCode.INTERNAL, FrameCodec.toException(null).code());
  }

  @Property
  void whateverAnAgentSendsAsItsErrorIsUnderstood(@ForAll("values") String any) {
    FrameCodec.toException(new RawJson(any));
    ParleyException told =
        FrameCodec.toException(
            new RawJson(
                "{\"code\":"
                    + any
                    + ",\"message\":"
                    + any
                    + ",\"details\":"
                    + any
                    + ",\"retryAfterMs\":"
                    + any
                    + "}"));
    told.details().values().forEach(value -> assertEquals(true, value != null));
    FrameCodec.parse(FrameCodec.error("7", told));
  }

  @Provide
  Arbitrary<String> values() {
    return JsonTexts.values();
  }
}
