package dev.parley.hub.session;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.session.SessionRow.Segment;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transcript files; blocks. Keeps in memory where those written lately end. */
final class Transcripts {
  private static final Logger LOG = LoggerFactory.getLogger(Transcripts.class);
  private static final int LINE_OVERHEAD = 1 << 10;

  private final SessionSettings settings;
  private final OpenTails tails;
  private final Supplier<String> node;

  /**
   * Reads and writes.
   *
   * @param node the name of this node, empty for a hub that is alone
   */
  Transcripts(SessionSettings settings, OpenTails tails, Supplier<String> node) {
    this.settings = settings;
    this.tails = tails;
    this.node = node;
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

    /** Of the first file, when a hub that is alone begins it. */
    String firstName() {
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

  /**
   * Reads what is committed.
   *
   * @param lenient whether files that are not there are passed over
   * @return null when one is not there
   */
  <T> @Nullable T read(Place place, List<Segment> segments, boolean lenient, Reading<T> reading) {
    if (segments.isEmpty()) {
      return readNothing(reading, place);
    }
    try (OpenDirectory directory =
            OpenDirectory.walk(place.root(), place.directory(), Missing.FAIL);
        CommittedLines lines =
            new CommittedLines(directory, segments, maxLine(settings), lenient)) {
      return reading.from(new TranscriptReader(lines));
    } catch (NoSuchFileException e) {
      return lenient || segments.get(0).isWhole() ? readNothing(reading, place) : null;
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

  /** Writes behind what is committed; what is written counts once its lengths are committed. */
  <T> T write(Place place, List<Segment> committed, Writing<T> writing) {
    String id = place.id();
    TranscriptTail known = tails.take(id);
    try {
      return OpenDirectory.retrying(
          () -> {
            try (OpenDirectory directory =
                OpenDirectory.walk(place.root(), place.directory(), Missing.CREATE)) {
              TranscriptWriter writer =
                  new TranscriptWriter(directory, place, node.get(), committed, known, settings);
              T result = writing.with(writer);
              tails.put(id, writer.tail());
              return result;
            }
          });
    } catch (IOException e) {
      throw unavailable("write", place, e);
    }
  }

  /** Deletes files that no committed row names. */
  void discard(Place place, List<String> names) {
    try (OpenDirectory directory =
        OpenDirectory.walk(place.root(), place.directory(), Missing.FAIL)) {
      for (String name : names) {
        directory.deleteFile(name);
      }
    } catch (IOException e) {
      LOG.warn("could not delete {} of transcript {}", names, place.id(), e);
    }
  }

  /** Deletes all files of a transcript, also what was never committed. */
  void delete(Place place) {
    tails.take(place.id());
    try (OpenDirectory directory =
        OpenDirectory.walk(place.root(), place.directory(), Missing.FAIL)) {
      List<String> names = new ArrayList<>();
      directory.forEach(
          name -> {
            if (name.startsWith(place.sessionId() + ".")) {
              names.add(name);
            }
          });
      for (String name : names) {
        directory.deleteFile(name);
      }
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
