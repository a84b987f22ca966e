package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of memory that a search has found.
 *
 * @param id for {@code memory.get}
 * @param path the same, by the name that OpenClaw's clients know
 * @param source {@code memory}, as OpenClaw has it
 * @param kind {@code document} or {@code file}
 * @param startLine from 1
 * @param score 0 to 1: the reciprocal ranks in both searches, 1 for first in all
 * @param textScore BM25, or null when the words did not match
 * @param vectorScore cosine of the angle between query and text, or null when too far
 * @param updatedAt epoch milliseconds
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryHit(
    String agentId,
    String id,
    String path,
    String source,
    String kind,
    int startLine,
    int endLine,
    double score,
    @Nullable Double textScore,
    @Nullable Double vectorScore,
    String snippet,
    String citation,
    List<String> tags,
    @Nullable String session,
    long updatedAt) {}
