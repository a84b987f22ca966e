/**
 * What agents remember: Markdown documents put explicitly ({@link dev.parley.hub.memory.Memories}),
 * and {@code MEMORY.md} and {@code memory/*.md} of each agent's workspace. Both are found by hybrid
 * search: BM25 and vectors, fused by rank.
 *
 * <p>Comes in: a {@link dev.parley.hub.tenant.TenantScope} and an agent that the operation has
 * authorised. Goes out: documents and hits of that tenant.
 *
 * <p>Documents are files below the tenant's directory; Redis knows which file of a document is the
 * current one, counts them against the plan and numbers the changes. Each tenant has one Lucene
 * index on each node that searches for it: opened on demand, brought up to date before a search,
 * closed when idle, and made again from the files when it is missing or broken. Nothing but this
 * package touches Lucene.
 */
@NullMarked
package dev.parley.hub.memory;

import org.jspecify.annotations.NullMarked;
