package dev.parley.hub.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A line of a transcript file: {@code {"seq":7,"since":3,"run":{…},"row":{…}}}. Each line says
 * where the conversation stands, so that the last one is enough to go on.
 *
 * @param seq of the last row up to here
 * @param since the seq of the last reset row up to here; 0 when there was none
 * @param run what begins or ends with this line
 * @param row null when the line only ends a run
 */
record TranscriptLine(long seq, long since, @Nullable RunMark run, @Nullable TranscriptRow row) {

  /**
   * A run's begin or end.
   *
   * @param id {@link RecentRuns#fingerprint} of the run id
   * @param input the fingerprint of what it was started with, in a mark that begins it
   * @param status {@code RUNNING} in a mark that begins it
   */
  record RunMark(long id, long input, RunStatus status) {}

  /** The line with its line feed. */
  byte[] toBytes() {
    ObjectNode json = Json.object();
    json.put("seq", seq).put("since", since);
    if (run != null) {
      ObjectNode mark = json.putObject("run");
      mark.put("id", run.id).put("status", run.status.answer());
      if (run.status == RunStatus.RUNNING) {
        mark.put("input", run.input);
      }
    }
    if (row != null) {
      json.set("row", row.toJson());
    }
    return (Json.write(json) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Reads a line; null when it is not one. */
  static @Nullable TranscriptLine of(byte[] bytes) {
    try {
      ObjectNode json = Json.parseObject("transcript", new String(bytes, StandardCharsets.UTF_8));
      if (!json.path("seq").isIntegralNumber()) {
        return null;
      }
      JsonNode row = json.get("row");
      return new TranscriptLine(
          json.path("seq").asLong(),
          json.path("since").asLong(),
          mark(json.get("run")),
          row == null ? null : TranscriptRow.of(row));
    } catch (ParleyException | IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable RunMark mark(@Nullable JsonNode run) {
    return run == null
        ? null
        : new RunMark(
            run.path("id").asLong(),
            run.path("input").asLong(),
            RunStatus.of(run.path("status").asText()));
  }
}
