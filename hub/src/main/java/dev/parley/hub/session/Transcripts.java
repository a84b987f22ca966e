package dev.parley.hub.session;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transcript files; blocks. Keeps in memory where those written lately end. */
final class Transcripts {
  private static final Logger LOG = LoggerFactory.getLogger(Transcripts.class);
  private static final int LINE_OVERHEAD = 1 << 10;

  private final SessionSettings settings;
  private final OpenTails tails;

  Transcripts(SessionSettings settings, OpenTails tails) {
    this.settings = settings;
    this.tails = tails;
  }

  static int maxLine(SessionSettings settings) {
    return settings.maxRowBytes() + LINE_OVERHEAD;
  }

  /** Which transcript: of a tenant, an agent, a session. */
  record Place(Path root, List<String> directory, String sessionId) {
    static Place of(TenantScope scope, SessionKey key, String sessionId) {
      Path root = Objects.requireNonNull(scope.directory().getParent(), "workspace root");
      return new Place(
          root,
          List.of(scope.tenant().value(), "agents", key.agent().value(), "sessions"),
          UUID.fromString(sessionId).toString());
    }

    String name() {
      return sessionId + ".jsonl";
    }

    /** Names it among all transcripts. */
    String id() {
      return String.join("/", directory) + "/" + sessionId;
    }
  }

  interface Reading<T> {
    T from(TranscriptReader reader) throws IOException;
  }

  interface Writing<T> {
    T with(TranscriptWriter writer) throws IOException;
  }

  <T> T read(Place place, Reading<T> reading) {
    try (OpenDirectory directory =
            OpenDirectory.walk(place.root(), place.directory(), Missing.FAIL);
        FileChannel file = directory.open(place.name(), StandardOpenOption.READ)) {
      return reading.from(new TranscriptReader(new BackwardLines(file, maxLine(settings))));
    } catch (NoSuchFileException e) {
      return readNothing(reading, place);
    } catch (IOException e) {
      throw unavailable("read", place, e);
    }
  }

  private static <T> T readNothing(Reading<T> reading, Place place) {
    try {
      return reading.from(new TranscriptReader(null));
    } catch (IOException e) {
      throw unavailable("read", place, e);
    }
  }

  <T> T write(Place place, Writing<T> writing) {
    String id = place.id();
    TranscriptTail known = tails.take(id);
    try (OpenTranscript open = OpenDirectory.retrying(() -> OpenTranscript.of(place))) {
      TranscriptWriter writer =
          new TranscriptWriter(open.directory, place.name(), open.file, known, settings);
      T result = writing.with(writer);
      tails.put(id, writer.tail());
      return result;
    } catch (IOException e) {
      throw unavailable("write", place, e);
    }
  }

  /** A transcript that is there, in a directory that can no longer be replaced. */
  private record OpenTranscript(OpenDirectory directory, FileChannel file)
      implements AutoCloseable {
    static OpenTranscript of(Place place) throws IOException {
      OpenDirectory directory = OpenDirectory.walk(place.root(), place.directory(), Missing.CREATE);
      try {
        return new OpenTranscript(
            directory,
            directory.open(
                place.name(),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
      } catch (IOException e) {
        directory.close();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      try (directory) {
        file.close();
      }
    }
  }

  void delete(Place place) {
    tails.take(place.id());
    try (OpenDirectory directory =
        OpenDirectory.walk(place.root(), place.directory(), Missing.FAIL)) {
      directory.deleteFile(place.name());
      directory.force();
    } catch (NoSuchFileException e) {
      LOG.debug("transcript {} was never written", place.id());
    } catch (IOException e) {
      throw unavailable("delete", place, e);
    }
  }

  private static ParleyException unavailable(String verb, Place place, IOException e) {
    LOG.warn("cannot {} transcript {}", verb, place.id(), e);
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return new ParleyException(
        ErrorCode.UNAVAILABLE,
        "cannot %s the transcript: %s; nothing was changed"
            .formatted(verb, reason == null ? "the disk failed" : reason),
        e);
  }
}
