package dev.parley.hub.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a session without reading its transcript.
 *
 * @param key in full form
 * @param sessionId UUID; names the transcript
 * @param createdAt milliseconds since 1970, as all times here
 * @param updatedAt of the last row or change
 * @param lastRun null before the first
 * @param lastMessagePreview the start of the last message, at most 120 characters on one line
 * @param transcript its files, oldest first; null in a row of before files had lengths here
 */
public record SessionRow(
    String key,
    String agentId,
    String sessionId,
    long createdAt,
    long updatedAt,
    Marks marks,
    Counts counts,
    @Nullable LastRun lastRun,
    @Nullable String lastMessagePreview,
    @Nullable List<Segment> transcript) {
  static final int MAX_PREVIEW = 120;

  /**
   * What people set.
   *
   * @param verboseLevel how much of the agent's tools their clients show; null for nothing
   */
  public record Marks(
      @Nullable String label,
      boolean archived,
      boolean pinned,
      boolean unread,
      @Nullable String verboseLevel) {
    static final Marks NONE = new Marks(null, false, false, false, null);
  }

  /**
   * What adds up since the last reset.
   *
   * @param contextTokens how many of the model's context the conversation takes up
   */
  public record Counts(long messages, long inputTokens, long outputTokens, long contextTokens) {
    static final Counts ZERO = new Counts(0, 0, 0, 0);
  }

  /**
   * The run begun last.
   *
   * @param endedAt 0 while it runs
   */
  public record LastRun(String runId, RunStatus status, long startedAt, long endedAt) {}

  /**
   * A file of a transcript, written by one node.
   *
   * @param length how many of its bytes count: what lies beyond was never committed
   */
  public record Segment(String name, long length) {
    private static final long WHOLE = -1;

    static Segment whole(String name) {
      return new Segment(name, WHOLE);
    }

    /** Whether it counts as far as it has whole lines. */
    boolean isWhole() {
      return length == WHOLE;
    }
  }

  static SessionRow fresh(SessionKey key, String sessionId, long now) {
    return new SessionRow(
        key.toString(),
        key.agent().value(),
        sessionId,
        now,
        now,
        Marks.NONE,
        Counts.ZERO,
        null,
        null,
        List.of());
  }

  /** After a row was written, of which there are {@code messages} since the last reset. */
  SessionRow withRow(TranscriptRow row, long messages, long now) {
    boolean said = row.role() == RowRole.USER || row.role() == RowRole.ASSISTANT;
    String preview = said && !row.text().isBlank() ? preview(row.text()) : lastMessagePreview;
    boolean unread = marks.unread || row.role() == RowRole.ASSISTANT;
    return new SessionRow(
        key,
        agentId,
        sessionId,
        createdAt,
        now,
        new Marks(marks.label, marks.archived, marks.pinned, unread, marks.verboseLevel),
        new Counts(messages, counts.inputTokens, counts.outputTokens, counts.contextTokens),
        lastRun,
        preview,
        transcript);
  }

  SessionRow withRunStarted(String runId, long now) {
    return withRun(new LastRun(runId, RunStatus.RUNNING, now, 0), counts, now);
  }

  SessionRow withRunEnded(String runId, RunEnd end, long now) {
    Counts sum =
        new Counts(
            counts.messages,
            counts.inputTokens + end.inputTokens(),
            counts.outputTokens + end.outputTokens(),
            end.contextTokens() > 0 ? end.contextTokens() : counts.contextTokens);
    LastRun begun = lastRun;
    LastRun ended =
        begun != null && begun.runId.equals(runId)
            ? new LastRun(runId, end.status(), begun.startedAt, now)
            : begun;
    return withRun(ended, sum, now);
  }

  private SessionRow withRun(@Nullable LastRun run, Counts sum, long now) {
    return new SessionRow(
        key, agentId, sessionId, createdAt, now, marks, sum, run, lastMessagePreview, transcript);
  }

  SessionRow withReset(long now) {
    return new SessionRow(
        key, agentId, sessionId, createdAt, now, marks, Counts.ZERO, lastRun, null, transcript);
  }

  SessionRow with(SessionChanges changes, long now) {
    Marks changed =
        new Marks(
            changed(marks.label, changes.label()),
            Objects.requireNonNullElse(changes.archived(), marks.archived),
            Objects.requireNonNullElse(changes.pinned(), marks.pinned),
            Objects.requireNonNullElse(changes.unread(), marks.unread),
            changed(marks.verboseLevel, changes.verboseLevel()));
    return new SessionRow(
        key,
        agentId,
        sessionId,
        createdAt,
        now,
        changed,
        counts,
        lastRun,
        lastMessagePreview,
        transcript);
  }

  SessionRow withTranscript(List<Segment> segments) {
    return new SessionRow(
        key,
        agentId,
        sessionId,
        createdAt,
        updatedAt,
        marks,
        counts,
        lastRun,
        lastMessagePreview,
        segments);
  }

  /** The files of the transcript, oldest first. */
  List<Segment> segments() {
    return transcript == null ? List.of(Segment.whole(sessionId + ".jsonl")) : transcript;
  }

  private static @Nullable String changed(@Nullable String old, @Nullable String change) {
    String now = change == null ? old : change;
    return now == null || now.isEmpty() ? null : now;
  }

  private static String preview(String text) {
    String start = TranscriptRow.cut(text, MAX_PREVIEW * 4);
    return TranscriptRow.cut(start.replaceAll("[\\s\\p{Cntrl}]+", " ").strip(), MAX_PREVIEW);
  }

  /**
   * The row as {@code sessions.list} shows it, without what only the running agent knows ({@code
   * hasActiveRun}, {@code activeRunIds}, model).
   */
  public ObjectNode toJson() {
    boolean isMain = key.equals("agent:" + agentId + ":" + SessionKey.MAIN);
    ObjectNode json = Json.object();
    json.put("key", key).put("sessionId", sessionId).put("agentId", agentId);
    json.put("kind", "direct").put("chatType", "direct");
    json.put("classification", isMain ? "main" : "direct").put("isMain", isMain);
    json.put("createdAt", createdAt).put("updatedAt", updatedAt);
    if (marks.label != null) {
      json.put("label", marks.label).put("displayName", marks.label);
    }
    json.put("archived", marks.archived).put("pinned", marks.pinned).put("unread", marks.unread);
    json.put("verboseLevel", marks.verboseLevel == null ? "off" : marks.verboseLevel);
    json.put("messageCount", counts.messages);
    json.put("inputTokens", counts.inputTokens).put("outputTokens", counts.outputTokens);
    json.put("totalTokens", counts.contextTokens).put("totalTokensFresh", true);
    if (lastMessagePreview != null) {
      json.put("lastMessagePreview", lastMessagePreview);
    }
    if (lastRun != null) {
      json.put("lastRunId", lastRun.runId).put("status", lastRun.status.sessionStatus());
      json.put("startedAt", lastRun.startedAt);
      if (lastRun.endedAt > 0) {
        json.put("endedAt", lastRun.endedAt);
        json.put("runtimeMs", Math.max(0, lastRun.endedAt - lastRun.startedAt));
      }
    }
    return json;
  }
}
