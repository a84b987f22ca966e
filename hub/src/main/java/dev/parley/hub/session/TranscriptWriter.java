package dev.parley.hub.session;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transcript opened for appending. Opening finds the end, from memory if the file still has the
 * length known, else from the file, cutting off what a crash left of a last line. Each line is one
 * write; a line that could not be written whole is cut off again. Blocks.
 */
final class TranscriptWriter {
  private static final Logger LOG = LoggerFactory.getLogger(TranscriptWriter.class);

  private final OpenDirectory directory;
  private final String name;
  private final FileChannel file;
  private final SessionSettings settings;
  private final TranscriptTail tail;

  TranscriptWriter(
      OpenDirectory directory,
      String name,
      FileChannel file,
      @Nullable TranscriptTail known,
      SessionSettings settings)
      throws IOException {
    this.directory = directory;
    this.name = name;
    this.file = file;
    this.settings = settings;
    this.tail = known != null && known.position() == file.size() ? known : load();
  }

  TranscriptTail tail() {
    return tail;
  }

  private TranscriptTail load() throws IOException {
    BackwardLines lines = new BackwardLines(file, Transcripts.maxLine(settings));
    long end = lines.position();
    TranscriptLine last = null;
    byte[] bytes;
    while (last == null && (bytes = lines.previous()) != null) {
      last = TranscriptLine.of(bytes);
      end = last == null ? lines.position() : end;
    }
    if (end < file.size()) {
      LOG.warn("transcript {}: {} bytes of a torn line dropped", name, file.size() - end);
      file.truncate(end);
      file.force(true);
    }
    RecentRuns runs = new RecentRuns(settings.rememberedRuns());
    if (last == null) {
      return new TranscriptTail(runs, 0, 0, 0);
    }
    findRuns(lines, last, end, runs);
    return new TranscriptTail(runs, end, last.seq(), last.since());
  }

  private void findRuns(BackwardLines lines, TranscriptLine last, long end, RecentRuns runs)
      throws IOException {
    Map<Long, RunStatus> ended = new HashMap<>();
    Deque<TranscriptLine.RunMark> begun = new ArrayDeque<>();
    TranscriptLine line = last;
    while (begun.size() < settings.rememberedRuns()) {
      TranscriptLine.RunMark mark = line == null ? null : line.run();
      if (mark != null && mark.status() == RunStatus.RUNNING) {
        begun.push(mark);
      } else if (mark != null) {
        ended.put(mark.id(), mark.status());
      }
      byte[] before = end - lines.position() > settings.maxRunScanBytes() ? null : lines.previous();
      if (before == null) {
        break;
      }
      line = TranscriptLine.of(before);
    }
    for (TranscriptLine.RunMark mark : begun) {
      runs.add(mark.id(), mark.input(), ended.getOrDefault(mark.id(), RunStatus.RUNNING));
    }
  }

  /**
   * Appends a row, giving it its id and number.
   *
   * @throws ParleyException {@code payload_too_large}, {@code limit_exceeded}
   */
  TranscriptRow row(TranscriptRow row, TranscriptLine.@Nullable RunMark run) throws IOException {
    long seq = tail.seq() + 1;
    TranscriptRow placed = row.placed(UUID.randomUUID().toString(), seq);
    boolean resets = TranscriptRow.KIND_RESET.equals(row.kind());
    TranscriptLine line = new TranscriptLine(seq, resets ? seq : tail.since(), run, placed);
    byte[] bytes = readable(line);
    boolean endsRun = run != null && run.status() != RunStatus.RUNNING;
    if (resets && tail.position() > settings.maxTranscriptBytes() / 2) {
      startAnew(line, bytes);
      return placed;
    }
    boolean fits = tail.position() + bytes.length <= settings.maxTranscriptBytes();
    if (!fits && !resets && !endsRun) {
      throw full();
    }
    write(line, bytes, resets || run != null);
    return placed;
  }

  /** Ends a run without a row. */
  void end(TranscriptLine.RunMark run) throws IOException {
    TranscriptLine line = new TranscriptLine(tail.seq(), tail.since(), run, null);
    write(line, line.toBytes(), true);
  }

  private byte[] readable(TranscriptLine line) {
    byte[] bytes = line.toBytes();
    if (bytes.length > settings.maxRowBytes()) {
      throw new ParleyException(
              ErrorCode.PAYLOAD_TOO_LARGE,
              "a row of a conversation may have %d bytes; this has %d"
                  .formatted(settings.maxRowBytes(), bytes.length))
          .with("limit", settings.maxRowBytes());
    }
    if (TranscriptLine.of(bytes) == null) {
      throw ParleyException.invalid("message", "the message is nested too deeply to be kept");
    }
    return bytes;
  }

  private ParleyException full() {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "this conversation has reached %d bytes; reset it or start another"
                .formatted(settings.maxTranscriptBytes()))
        .with("limit", settings.maxTranscriptBytes());
  }

  private void startAnew(TranscriptLine line, byte[] bytes) throws IOException {
    directory.replace(name, bytes);
    tail.advance(line, bytes.length);
  }

  private void write(TranscriptLine line, byte[] bytes, boolean isTurn) throws IOException {
    long start = tail.position();
    try {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        file.write(rest, start + rest.position());
      }
      if (flushes(isTurn)) {
        file.force(false);
        if (start == 0) {
          directory.force();
        }
      }
    } catch (IOException e) {
      cutOff(start, e);
      throw e;
    }
    tail.advance(line, start + bytes.length);
  }

  private boolean flushes(boolean isTurn) {
    return switch (settings.flush()) {
      case NEVER -> false;
      case TURNS -> isTurn;
      case ALWAYS -> true;
    };
  }

  private void cutOff(long end, IOException reason) {
    try {
      file.truncate(end);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
