/** Verifying audit logs away from the hub that writes them. */
@NullMarked
package dev.parley.cli.audit;

import org.jspecify.annotations.NullMarked;
