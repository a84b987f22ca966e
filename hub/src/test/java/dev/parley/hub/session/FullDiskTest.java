package dev.parley.hub.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.session.SessionRow.Segment;
import dev.parley.hub.session.Transcripts.Place;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {
  @TempDir Path data;

  private static Place place(Path data) {
    return new Place(
        data,
        List.of("acme", "agents", "helper", "sessions"),
        "00000000-0000-0000-0000-000000000000");
  }

  /** The real thing: a process whose file size is limited by the kernel, so that a write stops. */
  @Test
  void aDiskThatFillsUpDuringARowLeavesNoPartOfIt() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process limited =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 16; exec \"$@\"",
                "bash",
                java,
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                WritesTooMuch.class.getName(),
                data.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(limited.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, limited.waitFor(), said);
    assertTrue(said.contains("refused unavailable"), said);
    Place place = place(data);
    Path file = data.resolve(String.join("/", place.directory())).resolve(place.firstName());
    List<byte[]> lines =
        Files.readAllLines(file).stream().map(l -> l.getBytes(StandardCharsets.UTF_8)).toList();
    assertEquals(
        List.of("before"),
        lines.stream().map(line -> TranscriptLine.of(line).row().text()).toList());
    assertTrue(Files.readString(file).endsWith("\n"));
  }

  /** Run in the limited process. */
  static final class WritesTooMuch {
    private WritesTooMuch() {}

    public static void main(String[] arguments) {
      Path data = Path.of(arguments[0]);
      Transcripts transcripts =
          new Transcripts(
              SessionSettings.DEFAULTS, new OpenTails(10, System::currentTimeMillis), () -> "");
      List<Segment> committed = say(transcripts, data, List.of(), "before");
      try {
        say(transcripts, data, committed, "x".repeat(100_000));
        System.exit(1);
      } catch (ParleyException e) {
        System.out.println("refused " + e.code().wireName() + ": " + e.text());
        if (e.code() != ErrorCode.UNAVAILABLE) {
          System.exit(2);
        }
      }
    }

    private static List<Segment> say(
        Transcripts transcripts, Path data, List<Segment> committed, String text) {
      return transcripts.write(
          place(data),
          committed,
          writer -> {
            writer.row(TranscriptRow.user(text, 1), null);
            return writer.tail().segments();
          });
    }
  }
}
