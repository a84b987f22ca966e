/**
 * {@code parley files}: the files of an agent's workspace, named as on a shell ({@code ls}, {@code
 * get}, {@code put}, {@code rm}, {@code mv}, {@code search}).
 */
@NullMarked
package dev.parley.cli.files;

import org.jspecify.annotations.NullMarked;
