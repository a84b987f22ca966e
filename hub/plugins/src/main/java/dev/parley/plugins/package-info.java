/** Turns the WebAssembly text of the example plugins into modules, in the build only. */
@NullMarked
package dev.parley.plugins;

import org.jspecify.annotations.NullMarked;
