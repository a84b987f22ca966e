package dev.parley.protocol.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorCodeTest {
  @ParameterizedTest
  @EnumSource
  void everyCodeIsFoundByItsNameInEitherSpelling(ErrorCode code) {
    assertEquals(Optional.of(code), ErrorCode.of(code.wireName()));
    assertEquals(Optional.of(code), ErrorCode.of(code.name()));
  }

  @ParameterizedTest
  @EnumSource
  void everyCodeIsAnHttpError(ErrorCode code) {
    assertTrue(code.httpStatus() >= 400 && code.httpStatus() < 600);
    assertTrue(code.wireName().matches("[a-z]+(_[a-z]+)*"));
  }

  @Test
  void noTwoCodesShareAName() {
    Set<String> names = new HashSet<>();
    for (ErrorCode code : ErrorCode.values()) {
      assertTrue(names.add(code.wireName()), code::wireName);
    }
  }

  @Test
  void aCodeOfALaterVersionIsUnknown() {
    assertEquals(Optional.empty(), ErrorCode.of("teapot"));
    assertEquals(Optional.empty(), ErrorCode.of(""));
  }

  @ParameterizedTest
  @EnumSource
  void everyCloseCodeIsOneThatAServerMaySend(CloseCode code) {
    assertTrue(code.code() >= 1000 && code.code() <= 1014);
    assertTrue(code.code() < 1004 || code.code() > 1006, "reserved, RFC 6455 section 7.4.1");
  }
}
