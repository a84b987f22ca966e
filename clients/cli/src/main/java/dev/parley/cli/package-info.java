/**
 * The command {@code parley}. {@link dev.parley.cli.ParleyCommand} puts the subcommands together;
 * those of the contract come from {@link dev.parley.cli.OperationCommand}, without a line of code
 * for each. What needs more than one request has a package of its own.
 */
@NullMarked
package dev.parley.cli;

import org.jspecify.annotations.NullMarked;
