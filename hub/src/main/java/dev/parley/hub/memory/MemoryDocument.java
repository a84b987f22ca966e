package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A document without its text.
 *
 * @param bytes of its text, UTF-8
 * @param session the conversation it belongs to, or null
 * @param createdAt epoch milliseconds, as {@code updatedAt}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryDocument(
    String id,
    String agentId,
    long bytes,
    List<String> tags,
    @Nullable String session,
    long createdAt,
    long updatedAt) {}
