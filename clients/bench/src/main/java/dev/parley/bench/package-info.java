/**
 * Measures a hub from outside: in come options, out go figures with their aims, as a table and as
 * JSON. {@link dev.parley.bench.BenchCommand} runs the {@link dev.parley.bench.Bench}es one after
 * the other; each starts the servers it needs as processes of their own, on another core than the
 * load, and leaves nothing behind. The load speaks the wire protocol by hand ({@link
 * dev.parley.bench.WireSocket}), because a client as costly as the hub would hide what the hub
 * costs. {@code docs/bench.md} says how each figure is measured.
 */
@NullMarked
package dev.parley.bench;

import org.jspecify.annotations.NullMarked;
