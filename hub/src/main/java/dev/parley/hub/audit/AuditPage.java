package dev.parley.hub.audit;

import java.util.List;

/**
 * A part of a log.
 *
 * @param seq number of the last entry of the log, 0 when it is empty
 * @param hash of that entry, see {@link dev.parley.protocol.audit.AuditChain}
 * @param before hash of the entry before the first of these; empty when that is no longer kept
 */
public record AuditPage(long seq, String hash, String before, List<Row> entries) {
  /** An entry as it was written, and its hash. */
  public record Row(String text, String hash) {}
}
