package dev.parley.hub.quota;

import dev.parley.hub.store.Key;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/**
 * What a token bucket is called.
 *
 * @param key where it is
 * @param limit wire name of the limit, for example {@code messages_per_second}
 * @param owner whose limit it is, for example {@code tenant acme}
 * @param unit what is counted in which time, for example {@code messages per second}
 * @param unitSeconds that time in seconds
 * @param advice how to get more
 */
record BucketLabel(
    Key key, String limit, String owner, String unit, int unitSeconds, String advice) {

  ParleyException refusal(double ratePerSecond, long burst, long used, long waitMs, long resetsAt) {
    long rate = Math.round(ratePerSecond * unitSeconds);
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "%s may have %d %s in bursts of up to %d and has used them; try again in %d ms, or %s"
                .formatted(owner, rate, unit, burst, waitMs, advice))
        .retryAfter(waitMs)
        .with("limit", limit)
        .with("owner", owner)
        .with("used", used)
        .with("max", burst)
        .with("rate", rate)
        .with("resetsAt", resetsAt);
  }

  ParleyException nothingPermitted() {
    return new ParleyException(
            ErrorCode.RATE_LIMITED, "%s may have no %s at all; %s".formatted(owner, unit, advice))
        .with("limit", limit)
        .with("owner", owner)
        .with("used", 0L)
        .with("max", 0L);
  }

  ParleyException crowded(int bound) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "%d calls of %s wait for its limit already; try again in a moment"
                .formatted(bound, owner))
        .retryAfter(100)
        .with("limit", limit)
        .with("owner", owner);
  }
}
