/**
 * What was done to a tenant and what was refused, for good: a log of each tenant and one of the
 * platform, append-only and chained by hashes, so that a changed or missing entry shows.
 */
@NullMarked
package dev.parley.hub.audit;

import org.jspecify.annotations.NullMarked;
