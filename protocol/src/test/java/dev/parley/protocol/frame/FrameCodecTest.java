package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCodecTest {
  private static final String REQUEST =
      "{\"type\":\"req\",\"id\":\"7\",\"method\":\"chat.send\",\"params\":{\"a\":[1,\"\\\"x\"]},"
          + "\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}";
  private static final String RESPONSE =
      "{\"type\":\"res\",\"id\":\"7\",\"ok\":false,\"error\":{\"code\":\"X\",\"message\":\"y\"}}";
  private static final String EVENT =
      "{\"type\":\"event\",\"event\":\"tick\",\"payload\":{\"ts\":1},\"seq\":12}";

  @ParameterizedTest
  @ValueSource(strings = {REQUEST, RESPONSE, EVENT})
  void aFrameCutOffAnywhereIsRefused(String frame) {
    int afterId = frame.indexOf("\"7\"") + 3;
    for (int end = 0; end < frame.length(); end++) {
      ParleyException refusal = refused(frame.substring(0, end));
      boolean idCameBefore = afterId > 2 && end >= afterId;
      assertEquals(idCameBefore ? "7" : null, refusal.details().get(FrameCodec.REQUEST_ID));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      nullValues = "-",
      textBlock =
          """
          42                                                         | frame  | -
          null                                                       | frame  | -
          "req"                                                      | frame  | -
          []                                                         | frame  | -
          [{"type":"req","id":"7","method":"x"}]                     | frame  | -
          {}                                                         | type   | -
          {"type":null}                                              | type   | -
          {"type":"","id":"7"}                                       | type   | 7
          {"type":"REQ","id":"7","method":"x"}                       | type   | 7
          {"type":"req","id":"7"}                                    | method | 7
          {"type":"req","id":"7","method":""}                        | method | 7
          {"type":"req","id":"7","method":null}                      | method | 7
          {"type":"req","id":"7","method":["x"]}                     | method | 7
          {"type":"req","method":"x"}                                | id     | -
          {"type":"req","id":"","method":"x"}                        | id     | -
          {"type":"req","id":7,"method":"x"}                         | id     | -
          {"type":"req","id":{"a":1},"method":"x"}                   | id     | -
          {"type":"req","id":"7","method":"x","traceparent":1}       | traceparent | 7
          {"type":"res","id":"7"}                                    | ok     | 7
          {"type":"res","id":"7","ok":"true"}                        | ok     | 7
          {"type":"res","id":"7","ok":null}                          | ok     | 7
          {"type":"res","ok":true}                                   | id     | -
          {"type":"event"}                                           | event  | -
          {"type":"event","event":"x","seq":-1}                      | seq    | -
          {"type":"event","event":"x","seq":1.5}                     | seq    | -
          {"type":"event","event":"x","seq":"1"}                     | seq    | -
          {"type":"event","event":"x","seq":9223372036854775808}     | seq    | -
          {"type":"req","id":"7","id":"8","method":"x"}              | frame  | 7
          {"type":"req","type":"req","id":"7","method":"x"}          | frame  | -
          {"id":"7","type":"req","method":"x","params":{},"params":1}| frame  | 7
          {"type":"req","id":"7","method":"x","params":{"a":1,"a":2}}| frame  | 7
          {"type":"req","id":"7","method":"x","params":{"a":[{"b":1,"c":2,"b":3}]}} | frame | 7
          {"type":"req","id":"7","method":"x","params":{"a":1,"\\u0061":2}} | frame | 7
          {"type":"req","id":"7","method":"x"} x                     | frame  | 7
          {"type":"req","id":"7","method":"x"}{}                     | frame  | 7
          {"type":"req","id":"7","method":"x"},                      | frame  | 7
          {"type":"req","id":"7","method":"x",}                      | frame  | 7
          {"type":"req","id":"7","method":"x","params":{"a":01}}     | frame  | 7
          {"type":"req","id":"7","method":"x","params":{'a':1}}      | frame  | 7
          {"type":"req","id":"7","method":"x","params":{a:1}}        | frame  | 7
          {"type":"req","id":"7","method":"x","params":NaN}          | frame  | 7
          {"type":"req","id":"7","method":"x","params":+1}           | frame  | 7
          {"type":"req","id":"7","method":"x","params":.5}           | frame  | 7
          {"type":"req","id":"7","method":"x","params":"\\x"}        | frame  | 7
          {"type":"req","id":"7","method":"x"/**/}                   | frame  | 7
          {"type":"req","id":"7","method":"x" "params":1}            | frame  | 7
          """)
  void aMalformedFrameIsRefusedAndItsRequestNamed(String frame, String field, String requestId) {
    ParleyException refusal = refused(frame);
    assertEquals(field, refusal.details().get("field"));
    assertEquals(requestId, refusal.details().get(FrameCodec.REQUEST_ID));
  }

  @Test
  void nothingAtAllIsNoFrame() {
    assertEquals("frame", refused("").details().get("field"));
    assertEquals("frame", refused(" \n").details().get("field"));
    assertEquals("frame", refused("\ufeff" + REQUEST).details().get("field"));
  }

  @Test
  void nestingIsBoundedAt64() {
    String deepest = "[".repeat(63) + "]".repeat(63);
    assertEquals(deepest, String.valueOf(request(withParams(deepest)).params()));
    String tooDeep = "[".repeat(64) + "]".repeat(64);
    assertEquals("7", refused(withParams(tooDeep)).details().get(FrameCodec.REQUEST_ID));
    assertEquals("7", refused(withParams("[".repeat(1 << 20))).details().get("requestId"));
    assertEquals(
        "7", refused(withParams("{\"a\":".repeat(1 << 18))).details().get(FrameCodec.REQUEST_ID));
  }

  @Test
  void aNumberHasNoMoreThanOneHundredDigits() {
    String longest = "9".repeat(100);
    assertEquals(longest, String.valueOf(request(withParams(longest)).params()));
    for (String number :
        new String[] {"9".repeat(101), "0." + "9".repeat(120), "9".repeat(1 << 20)}) {
      assertEquals("7", refused(withParams(number)).details().get(FrameCodec.REQUEST_ID));
      assertEquals("7", refused(withParams("[" + number + "]")).details().get("requestId"));
    }
  }

  @Test
  void namesAreBoundedAt128Characters() {
    String longest = "m".repeat(128);
    Frame.Request request = request(FrameCodec.request(longest, longest, RawJson.NULL));
    assertEquals(longest, request.id());
    assertEquals(longest, request.method());
    String tooLong = "m".repeat(129);
    assertEquals(
        "id", refused(FrameCodec.request(tooLong, "x", RawJson.NULL)).details().get("field"));
    assertEquals(
        "method", refused(FrameCodec.request("7", tooLong, RawJson.NULL)).details().get("field"));
    assertEquals(
        "event", refused(FrameCodec.event(tooLong, RawJson.NULL, 0)).details().get("field"));
  }

  @Test
  void absentParamsAndNullParamsAreTheSame() {
    assertNull(request("{\"type\":\"req\",\"id\":\"7\",\"method\":\"x\"}").params());
    assertNull(request(withParams("null")).params());
  }

  @Test
  void whatALaterVersionAddsIsSkipped() {
    String frame =
        "{\"v\":[{\"id\":\"8\"}],\"type\":\"req\",\"id\":\"7\",\"method\":\"x\",\"w\":1}";
    assertEquals(new Frame.Request("7", "x", null, null), FrameCodec.parse(frame));
  }

  @Test
  void theRequestOfATooLargeFrameIsFoundWhenItsIdComesFirst() {
    String large = REQUEST.replace("\"a\"", '"' + "a".repeat(100_000) + '"');
    assertEquals(Optional.of("7"), FrameCodec.headOf(large));
    assertEquals(Optional.of("7"), FrameCodec.headOf(REQUEST));
    String idLast = "{\"params\":\"" + "a".repeat(2_000) + "\",\"id\":\"7\"}";
    assertEquals(Optional.empty(), FrameCodec.headOf(idLast));
    assertEquals(Optional.empty(), FrameCodec.headOf("{\"id\":\"\"}"));
    assertEquals(Optional.empty(), FrameCodec.headOf("{\"id\":\"7"));
    assertEquals(Optional.empty(), FrameCodec.headOf(""));
  }

  @Test
  void theMembersOfAnObjectAreTheTextsThatCame() {
    Map<String, RawJson> members =
        FrameCodec.members(new RawJson("{ \"a\" : 42.0 , \"b\":null,\"\\u0063\":{ \"x\": [ ] }}"));
    assertEquals(Map.of("a", new RawJson("42.0"), "c", new RawJson("{ \"x\": [ ] }")), members);
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> FrameCodec.members(new RawJson("[1]")));
    assertEquals("payload", refusal.details().get("field"));
  }

  @Test
  void aRefusalSaysWhereWithoutRepeatingTheText() {
    ParleyException refusal =
        refused("{\"type\":\"req\",\"id\":\"7\",\n\"secret-key\" \"hidden\"}");
    assertTrue(refusal.text().contains("line 2 column"), refusal::text);
    assertTrue(!refusal.text().contains("hidden"), refusal::text);
  }

  private static String withParams(String params) {
    return "{\"type\":\"req\",\"id\":\"7\",\"method\":\"x\",\"params\":" + params + '}';
  }

  private static Frame.Request request(String frame) {
    return (Frame.Request) FrameCodec.parse(frame);
  }

  private static ParleyException refused(String frame) {
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> FrameCodec.parse(frame), () -> frame);
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertTrue(refusal.details().containsKey("field"));
    return refusal;
  }
}
