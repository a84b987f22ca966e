package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.memory.Memories;
import dev.parley.hub.memory.MemoryFilter;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;

/** A hosted agent's tools for its own memory, by the names and with the answers of OpenClaw's. */
final class MemoryTools {
  private static final int RESULTS = 8;
  private static final int MOST_LINES = 2_000;

  static final ToolSpec SEARCH =
      spec(
          "memory_search",
          "Searches your memory: MEMORY.md, memory/*.md and documents. Use it before you answer"
              + " about earlier work, decisions, dates, people or preferences.",
          """
          {"type":"object","required":["query"],"properties":{"query":{"type":"string"}}}""");

  static final ToolSpec GET =
      spec(
          "memory_get",
          "Reads lines of your memory by the path that memory_search gave.",
          """
          {"type":"object","required":["path"],"properties":{"path":{"type":"string"},
           "from":{"type":"integer","minimum":1},"lines":{"type":"integer","minimum":1}}}""");

  private static final int LONGEST_QUERY = 1_000;

  private final Memories memories;
  private final TenantScope scope;
  private final AgentId agent;
  private final Account account;

  /**
   * The tools in one run.
   *
   * @param account pays for the vector of a query
   */
  MemoryTools(Memories memories, TenantScope scope, AgentId agent, Account account) {
    this.memories = memories;
    this.scope = scope;
    this.agent = agent;
    this.account = account;
  }

  Future<String> search(ObjectNode arguments) {
    String query = FileTools.text(arguments, "query");
    return memories
        .search(
            scope,
            List.of(agent),
            query.substring(0, Math.min(query.length(), LONGEST_QUERY)),
            MemoryFilter.NONE,
            RESULTS,
            account)
        .map(Json::write);
  }

  Future<String> get(ObjectNode arguments) {
    return memories
        .get(
            scope,
            agent,
            FileTools.text(arguments, "path"),
            Math.max(1, arguments.path("from").asInt(1)),
            Math.max(1, Math.min(MOST_LINES, arguments.path("lines").asInt(MOST_LINES))))
        .map(
            text ->
                Json.write(
                    Json.object()
                        .put("status", "ok")
                        .put("path", text.id())
                        .put("from", text.from())
                        .put("lines", text.lines())
                        .put("text", text.text())));
  }

  private static ToolSpec spec(String name, String description, String parameters) {
    return new ToolSpec(name, description, Json.parseObject("parameters", parameters));
  }
}
