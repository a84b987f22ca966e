/**
 * Breaks a cluster while it works, and checks what its clients saw.
 *
 * <p>{@link dev.parley.chaos.Fleet} is hubs and a Redis, each a process of its own; {@link
 * dev.parley.chaos.Fault} does them harm on a {@link dev.parley.chaos.Schedule} that a seed makes;
 * {@link dev.parley.chaos.Workload} asks numbered things of them meanwhile and writes what it asked
 * and saw into a {@link dev.parley.chaos.History}; {@link dev.parley.chaos.Checker} reads that and
 * nothing else. The idea is that of Jepsen (https://jepsen.io).
 */
@NullMarked
package dev.parley.chaos;

import org.jspecify.annotations.NullMarked;
