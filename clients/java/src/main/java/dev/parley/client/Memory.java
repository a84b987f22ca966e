package dev.parley.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The memory of an agent: Markdown documents, and what its workspace has in {@code MEMORY.md} and
 * {@code memory/*.md}. Everything fails as {@link ParleyClient#request} does.
 */
public final class Memory {
  private final ParleyClient client;
  private final @Nullable String agent;

  Memory(ParleyClient client, @Nullable String agent) {
    this.client = client;
    this.agent = agent;
  }

  /**
   * A part of memory that was found.
   *
   * @param id for {@link #get}
   * @param startLine from 1
   * @param score 0 to 1
   */
  public record Hit(
      String agent, String id, int startLine, int endLine, double score, String snippet) {}

  /**
   * Puts a document; completes when it is on the hub's disk.
   *
   * @param id puts it in the place of the document of this id; null makes one of the text
   * @param tags to filter by
   * @return its id; fails with {@code limit_exceeded} when the plan has no room
   */
  public CompletableFuture<String> put(@Nullable String id, String text, List<String> tags) {
    ObjectNode params = params().put("text", text);
    if (id != null) {
      params.put("id", id);
    }
    if (!tags.isEmpty()) {
      tags.forEach(params.putArray("tags")::add);
    }
    return client.request("memory.put", params).thenApply(put -> put.path("id").asText());
  }

  /** Puts a document without tags whose id is made of its text. */
  public CompletableFuture<String> put(String text) {
    return put(null, text, List.of());
  }

  /**
   * Searches by words and by likeness.
   *
   * @param limit 1 to 50
   * @return the best first
   */
  public CompletableFuture<List<Hit>> search(String query, int limit) {
    return client
        .request("memory.search", params().put("query", query).put("limit", limit))
        .thenApply(
            found -> {
              List<Hit> hits = new ArrayList<>();
              found
                  .path("results")
                  .forEach(
                      hit ->
                          hits.add(
                              new Hit(
                                  hit.path("agentId").asText(),
                                  hit.path("id").asText(),
                                  hit.path("startLine").asInt(),
                                  hit.path("endLine").asInt(),
                                  hit.path("score").asDouble(),
                                  hit.path("snippet").asText())));
              return hits;
            });
  }

  /** The text of a document, or of a file by its path; fails with {@code not_found}. */
  public CompletableFuture<String> get(String id) {
    return client
        .request("memory.get", params().put("id", id))
        .thenApply(document -> document.path("text").asText());
  }

  /** Deletes a document; answers whether it was there. */
  public CompletableFuture<Boolean> delete(String id) {
    return client
        .request("memory.delete", params().put("id", id))
        .thenApply(deleted -> deleted.path("deleted").asBoolean());
  }

  private ObjectNode params() {
    ObjectNode params = Json.object();
    return agent == null ? params : params.put("agentId", agent);
  }
}
