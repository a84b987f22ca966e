package dev.parley.hub.session;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a conversation, in the order it was had.
 *
 * @param session as it is now, or null when there is none: the page is then empty
 * @param rows since the last reset, that row first
 * @param total how many there are since then
 * @param nextOffset of the page before this one; -1 when this is the oldest
 */
public record HistoryPage(
    @Nullable SessionRow session, List<TranscriptRow> rows, long total, long nextOffset) {
  public boolean hasMore() {
    return nextOffset >= 0;
  }
}
