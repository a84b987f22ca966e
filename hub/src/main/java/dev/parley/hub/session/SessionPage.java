package dev.parley.hub.session;

import java.util.List;

/**
 * Sessions, the one changed last first.
 *
 * @param total how many the filter matches, without offset and limit
 */
public record SessionPage(List<SessionRow> rows, int total) {}
