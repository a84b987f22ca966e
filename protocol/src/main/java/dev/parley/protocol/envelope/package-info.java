/**
 * The envelope of a message: everything the hub reads to authorise, place and deliver it. The
 * payload inside is opaque JSON text that is carried as it came and never written again.
 */
@NullMarked
package dev.parley.protocol.envelope;

import org.jspecify.annotations.NullMarked;
