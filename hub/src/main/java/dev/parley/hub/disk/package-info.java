/**
 * Files without blocking and without being led astray. {@link dev.parley.hub.disk.DiskWorkers} runs
 * blocking work on a bounded pool behind a bounded queue; {@link dev.parley.hub.disk.Lanes} puts
 * operations on one thing in order; {@link dev.parley.hub.disk.OpenDirectory} walks below a trusted
 * root one component at a time, relative to open directories, and never follows a symbolic link.
 *
 * <p>Comes in: names that the rooms {@code workspace} and {@code session} have validated. Goes out:
 * bytes and {@link java.io.IOException}s; turning those into errors with a field is their job.
 */
@NullMarked
package dev.parley.hub.disk;

import org.jspecify.annotations.NullMarked;
