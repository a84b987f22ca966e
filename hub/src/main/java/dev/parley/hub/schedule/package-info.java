/**
 * Messages to an own agent at times: by cron or once. A schedule lies under its tenant's keys with
 * its next tick, in Redis's time, so that no node's clock matters. {@link
 * dev.parley.hub.schedule.Schedules} makes, shows and changes schedules; {@link
 * dev.parley.hub.schedule.Scheduler} on every node looks for ticks that are due. A script lets one
 * node take a tick; the message has an id made of the schedule's and the tick, so that a tick whose
 * taker died is sent again by another and becomes one message. Goes out through the switchboard as
 * everything else does. The layout is described in {@code docs/decisions/0011-schedules.md}.
 */
@NullMarked
package dev.parley.hub.schedule;

import org.jspecify.annotations.NullMarked;
