/**
 * {@code parley connect}: makes a program an agent. {@link dev.parley.cli.connect.LineProgram}
 * keeps one process and exchanges JSON lines with it; {@link
 * dev.parley.cli.connect.PerMessageProgram} starts one for each message. Either way the number of
 * messages at once, the length of a line and the lines that wait are bounded, and a message whose
 * process dies is failed, not forgotten.
 *
 * <p>A program gets no API key: {@code PARLEY_KEY} is taken out of its environment.
 */
@NullMarked
package dev.parley.cli.connect;

import org.jspecify.annotations.NullMarked;
