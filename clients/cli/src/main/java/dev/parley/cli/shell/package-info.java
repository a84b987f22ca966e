/**
 * What surrounds a command, and how it speaks: environment, streams and terminal ({@link
 * dev.parley.cli.shell.Shell}), the hub's answers as tables ({@link dev.parley.cli.shell.Output}),
 * and the one line that tells of a failure. What came from other tenants is printed without control
 * characters, so that nobody's text can drive the terminal.
 */
@NullMarked
package dev.parley.cli.shell;

import org.jspecify.annotations.NullMarked;
