package dev.parley.hub.session;

/** Where a transcript ends: what is needed to append to it. Belongs to one writer at a time. */
final class TranscriptTail {
  private final RecentRuns runs;
  private long position;
  private long seq;
  private long since;

  TranscriptTail(RecentRuns runs, long position, long seq, long since) {
    this.runs = runs;
    this.position = position;
    this.seq = seq;
    this.since = since;
  }

  RecentRuns runs() {
    return runs;
  }

  /** The length of the file, in bytes. */
  long position() {
    return position;
  }

  /** Of the last row; 0 when there is none. */
  long seq() {
    return seq;
  }

  /** The seq of the last reset row; 0 when there is none. */
  long since() {
    return since;
  }

  void advance(TranscriptLine line, long newPosition) {
    position = newPosition;
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
