package dev.parley.hub.market;

import java.util.List;

/**
 * Some of the listings that a search found.
 *
 * @param listings best match first, then latest updated
 * @param total how many were found in all
 */
public record SearchPage(List<Listed> listings, int total) {}
