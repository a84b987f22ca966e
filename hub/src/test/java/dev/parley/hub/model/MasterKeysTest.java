package dev.parley.hub.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterKeysTest {
  @TempDir Path data;

  @Test
  void theFirstStartMakesAKeyThatOnlyItsOwnerCanRead() throws Exception {
    MasterKeys made = MasterKeys.load(data, Map.of());

    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("master.key"))));
    assertEquals(made.currentId(), MasterKeys.load(data, Map.of()).currentId());
    assertEquals(made.current().key(), MasterKeys.load(data, Map.of()).current().key());
    try (Stream<Path> files = Files.list(data)) {
      assertEquals(List.of(data.resolve("master.key")), files.toList(), "a draft was left behind");
    }
  }

  @Test
  void hubsThatStartTogetherAgreeOnOneKey() {
    List<CompletableFuture<String>> starts =
        IntStream.range(0, 8)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> MasterKeys.load(data, Map.of()).currentId()))
            .toList();

    assertEquals(1, starts.stream().map(CompletableFuture::join).distinct().count());
  }

  @Test
  void theEnvironmentComesFirst() {
    MasterKeys ofFile = MasterKeys.load(data, Map.of());
    String set = Base64.getEncoder().encodeToString(new byte[32]);

    assertNotEquals(
        ofFile.currentId(), MasterKeys.load(data, Map.of("PARLEY_MASTER_KEY", set)).currentId());
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-", "rw-r--r--"})
  void aFileThatOthersCanTouchIsRefused(String mode) throws Exception {
    MasterKeys.load(data, Map.of());
    Files.setPosixFilePermissions(
        data.resolve("master.key"), PosixFilePermissions.fromString(mode));
    ParleyException refusal = refused(Map.of());

    assertTrue(refusal.text().contains("chmod 600"), refusal.text());
  }

  @Test
  void aLinkIsRefused(@TempDir Path elsewhere) throws Exception {
    MasterKeys.load(elsewhere, Map.of());
    Files.createSymbolicLink(data.resolve("master.key"), elsewhere.resolve("master.key"));

    refused(Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret-but-no-base64!", "c2hvcnQ=", "AAAA"})
  void aMalformedKeyIsRefusedAndNotShown(String text) throws Exception {
    ParleyException ofVariable = refused(Map.of("PARLEY_MASTER_KEY", text));
    MasterKeys.load(data, Map.of());
    Files.writeString(data.resolve("master.key"), text);
    ParleyException ofFile = refused(Map.of());

    assertFalse(ofVariable.text().contains(text), ofVariable.text());
    assertFalse(ofFile.text().contains(text), ofFile.text());
  }

  @Test
  void aDirectoryThatIsNotThereIsUnavailable() {
    ParleyException refusal =
        assertThrows(
            ParleyException.class, () -> MasterKeys.load(data.resolve("missing"), Map.of()));

    assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
  }

  private ParleyException refused(Map<String, String> environment) {
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> MasterKeys.load(data, environment));
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    return refusal;
  }

  @Test
  void theFirstOfSeveralSealsAndAllOpen() throws Exception {
    String one = Base64.getEncoder().encodeToString(filled(1));
    String two = Base64.getEncoder().encodeToString(filled(2));
    MasterKeys ofVariable =
        MasterKeys.load(data, Map.of("PARLEY_MASTER_KEY", " " + two + " , " + one + ","));
    MasterKeys.load(data, Map.of());
    Files.writeString(data.resolve("master.key"), two + "\n\n" + one + "\n");
    MasterKeys ofFile = MasterKeys.load(data, Map.of());

    assertEquals(
        List.of(MasterKey.of("test", two).id(), MasterKey.of("test", one).id()), ofFile.ids());
    assertEquals(ofFile.ids(), ofVariable.ids());
    assertEquals(ofFile.ids().get(0), ofFile.currentId());
  }

  @Test
  void oneMalformedKeyAmongGoodOnesIsRefused() {
    String good = Base64.getEncoder().encodeToString(filled(1));

    refused(Map.of("PARLEY_MASTER_KEY", good + ",c2hvcnQ="));
    refused(Map.of("PARLEY_MASTER_KEY", ", ,"));
    refused(Map.of("PARLEY_MASTER_KEY", (good + ",").repeat(MasterKeys.MOST + 1)));
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[32];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
