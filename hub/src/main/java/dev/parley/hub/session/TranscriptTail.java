package dev.parley.hub.session;

import dev.parley.hub.session.SessionRow.Segment;
import java.util.List;

/** Where a transcript ends: what is needed to go on with it. Belongs to one writer at a time. */
final class TranscriptTail {
  private final RecentRuns runs;
  private List<Segment> segments;
  private long seq;
  private long since;

  TranscriptTail(RecentRuns runs, List<Segment> segments, long seq, long since) {
    this.runs = runs;
    this.segments = segments;
    this.seq = seq;
    this.since = since;
  }

  RecentRuns runs() {
    return runs;
  }

  /** The files of the transcript, each up to the length that counts. */
  List<Segment> segments() {
    return segments;
  }

  /** The length of the transcript, in bytes. */
  long length() {
    return segments.stream().mapToLong(Segment::length).sum();
  }

  /** Of the last row; 0 when there is none. */
  long seq() {
    return seq;
  }

  /** The seq of the last reset row; 0 when there is none. */
  long since() {
    return since;
  }

  void advance(TranscriptLine line, List<Segment> now) {
    segments = now;
    seq = line.seq();
    since = line.since();
    TranscriptLine.RunMark run = line.run();
    if (run != null) {
      int at = runs.find(run.id());
      if (at >= 0) {
        runs.end(at, run.status());
      } else if (run.status() == RunStatus.RUNNING) {
        runs.add(run.id(), run.input(), run.status());
      }
    }
  }
}
