package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A document or a Markdown file, or some lines of it.
 *
 * @param kind {@code document} or {@code file}
 * @param from the first line of {@code text}, from 1
 * @param lines how many lines {@code text} has
 * @param totalLines how many there are in all
 * @param tags null for a file
 * @param updatedAt epoch milliseconds
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryText(
    String id,
    String agentId,
    String kind,
    String text,
    int from,
    int lines,
    int totalLines,
    @Nullable List<String> tags,
    @Nullable String session,
    long updatedAt) {

  /** The lines from one on, at most so many. */
  MemoryText cut(int first, int most) {
    List<String> all = text.lines().toList();
    int begin = Math.min(first - 1, all.size());
    int end = (int) Math.min(all.size(), (long) begin + most);
    String part =
        begin == 0 && end == all.size() ? text : String.join("\n", all.subList(begin, end));
    return new MemoryText(
        id, agentId, kind, part, first, end - begin, all.size(), tags, session, updatedAt);
  }
}
