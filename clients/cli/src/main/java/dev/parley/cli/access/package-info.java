/**
 * Which hub a command talks to, and with which key ({@link dev.parley.cli.access.HubOptions}); how
 * it waits for the answer ({@link dev.parley.cli.access.Answers}).
 */
@NullMarked
package dev.parley.cli.access;

import org.jspecify.annotations.NullMarked;
