/** Metrics of the hub, with bounded labels. What a single tenant used is in its ledger. */
@NullMarked
package dev.parley.hub.telemetry;

import org.jspecify.annotations.NullMarked;
