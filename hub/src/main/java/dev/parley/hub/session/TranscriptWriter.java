package dev.parley.hub.session;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.session.SessionRow.Segment;
import dev.parley.hub.session.Transcripts.Place;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A transcript opened for appending. What counts of it is what its segments' committed lengths say;
 * what was written here counts once the new lengths are committed. A node appends to the last
 * segment only when that is its own and nothing lies beyond its committed length; else it begins
 * another, whose name nobody has used. So nothing that a paused or crashed writer leaves can ever
 * lie where somebody reads. Blocks.
 */
final class TranscriptWriter {
  /** So many segments are merged into one when another is begun. */
  static final int MAX_SEGMENTS = 16;

  private final OpenDirectory directory;
  private final Place place;
  private final String node;
  private final SessionSettings settings;
  private final TranscriptTail tail;
  private final List<String> obsolete = new ArrayList<>();

  /**
   * Finds the end, from memory when what is committed is what was written here last.
   *
   * @param node whose segments these are; empty for a hub that is alone, whose all are
   */
  TranscriptWriter(
      OpenDirectory directory,
      Place place,
      String node,
      List<Segment> committed,
      @Nullable TranscriptTail known,
      SessionSettings settings)
      throws IOException {
    this.directory = directory;
    this.place = place;
    this.node = node;
    this.settings = settings;
    this.tail =
        known != null && known.segments().equals(committed) ? known : load(measured(committed));
  }

  TranscriptTail tail() {
    return tail;
  }

  /** Files that are of no use once what was written is committed. */
  List<String> obsolete() {
    return obsolete;
  }

  private List<Segment> measured(List<Segment> segments) throws IOException {
    List<Segment> measured = new ArrayList<>();
    for (Segment segment : segments) {
      if (!segment.isWhole()) {
        measured.add(segment);
      } else if (directory.stat(segment.name()) != null) {
        try (FileChannel file = directory.open(segment.name(), StandardOpenOption.READ)) {
          long end = new BackwardLines(file, file.size(), maxLine()).position();
          measured.add(new Segment(segment.name(), end));
        }
      }
    }
    return List.copyOf(measured);
  }

  private int maxLine() {
    return Transcripts.maxLine(settings);
  }

  private TranscriptTail load(List<Segment> segments) throws IOException {
    RecentRuns runs = new RecentRuns(settings.rememberedRuns());
    try (CommittedLines lines = new CommittedLines(directory, segments, maxLine(), true)) {
      TranscriptLine last = null;
      byte[] bytes;
      while (last == null && (bytes = lines.previous()) != null) {
        last = TranscriptLine.of(bytes);
      }
      if (last == null) {
        return new TranscriptTail(runs, segments, 0, 0);
      }
      findRuns(lines, last, runs);
      return new TranscriptTail(runs, segments, last.seq(), last.since());
    }
  }

  private void findRuns(CommittedLines lines, TranscriptLine last, RecentRuns runs)
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
      byte[] before = lines.read() > settings.maxRunScanBytes() ? null : lines.previous();
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
    if (resets && tail.length() > settings.maxTranscriptBytes() / 2) {
      startAnew(line, bytes);
      return placed;
    }
    boolean fits = tail.length() + bytes.length <= settings.maxTranscriptBytes();
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
    String name = freshName();
    directory.replace(name, bytes);
    tail.segments().forEach(segment -> obsolete.add(segment.name()));
    tail.advance(line, List.of(new Segment(name, bytes.length)));
  }

  private void write(TranscriptLine line, byte[] bytes, boolean isTurn) throws IOException {
    try (Appending to = appending()) {
      long start = to.start();
      try {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
          to.file.write(rest, start + rest.position());
        }
        if (flushes(isTurn)) {
          to.file.force(false);
          if (to.fresh) {
            directory.force();
          }
        }
      } catch (IOException e) {
        if (to.fresh) {
          discard(to.name, e);
        } else {
          cutOff(to.file, start, e);
        }
        throw e;
      }
      List<Segment> now = new ArrayList<>(to.before);
      now.add(new Segment(to.name, start + bytes.length));
      tail.advance(line, List.copyOf(now));
    }
  }

  /** A segment open at its end, and those before it. */
  private record Appending(List<Segment> before, String name, FileChannel file, boolean fresh)
      implements AutoCloseable {
    long start() throws IOException {
      return file.size();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private Appending appending() throws IOException {
    List<Segment> segments = tail.segments();
    if (!segments.isEmpty()) {
      Segment last = segments.get(segments.size() - 1);
      if (isOwn(last.name()) && directory.stat(last.name()) != null) {
        FileChannel file = directory.open(last.name(), StandardOpenOption.WRITE);
        if (file.size() == last.length()) {
          return new Appending(segments.subList(0, segments.size() - 1), last.name(), file, false);
        }
        file.close();
      }
    }
    String name = freshName();
    FileChannel file =
        directory.open(name, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    if (segments.size() < MAX_SEGMENTS) {
      return new Appending(segments, name, file, true);
    }
    for (Segment segment : segments) {
      copy(segment, file);
      obsolete.add(segment.name());
    }
    return new Appending(List.of(), name, file, true);
  }

  private void copy(Segment segment, FileChannel to) throws IOException {
    if (directory.stat(segment.name()) == null) {
      return;
    }
    try (FileChannel from = directory.open(segment.name(), StandardOpenOption.READ)) {
      long end = Math.min(segment.length(), from.size());
      for (long at = 0; at < end; ) {
        long copied = from.transferTo(at, end - at, to);
        if (copied <= 0) {
          throw new IOException(segment.name() + " became shorter while it was read");
        }
        at += copied;
        to.position(to.size());
      }
    }
  }

  private boolean isOwn(String name) {
    return node.isEmpty() || name.startsWith(place.sessionId() + "." + node + "-");
  }

  private String freshName() throws IOException {
    if (node.isEmpty() && directory.stat(place.firstName()) == null) {
      return place.firstName();
    }
    String id = UUID.randomUUID().toString().substring(0, 8);
    return "%s.%s-%s.jsonl".formatted(place.sessionId(), node.isEmpty() ? "hub" : node, id);
  }

  private boolean flushes(boolean isTurn) {
    return switch (settings.flush()) {
      case NEVER -> false;
      case TURNS -> isTurn;
      case ALWAYS -> true;
    };
  }

  private void discard(String name, IOException reason) {
    obsolete.clear();
    try {
      directory.deleteFile(name);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  private static void cutOff(FileChannel file, long end, IOException reason) {
    try {
      file.truncate(end);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
