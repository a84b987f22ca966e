/**
 * {@code parley demo}: the main job end to end on a hub of its own. {@link
 * dev.parley.cli.demo.Stage} holds what is started and ends it whatever happens, {@link
 * dev.parley.cli.demo.Story} plays the steps and checks what each of them claims, {@link
 * dev.parley.cli.demo.Narrator} tells it.
 */
@NullMarked
package dev.parley.cli.demo;

import org.jspecify.annotations.NullMarked;
