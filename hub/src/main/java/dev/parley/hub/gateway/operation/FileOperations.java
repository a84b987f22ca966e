package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.workspace.FileEntry;
import dev.parley.hub.workspace.Workspace;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** The workspace files of a tenant's agents: {@code agents.files.*}. */
public final class FileOperations {
  private final Agents agents;
  private final Workspaces workspaces;

  public FileOperations(Agents agents, Workspaces workspaces) {
    this.agents = agents;
    this.workspaces = workspaces;
  }

  public void register(OperationTable table) {
    table
        .on("agents.files.list", this::list)
        .on("agents.files.get", this::get)
        .on("agents.files.set", this::set);
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    return workspace(caller, params)
        .compose(files -> files.list(""))
        .map(
            entries -> {
              ObjectNode result = about(params);
              ArrayNode list = result.putArray("files");
              entries.forEach(entry -> list.add(describe(entry)));
              return result;
            });
  }

  private Future<ObjectNode> get(Caller caller, ObjectNode params) {
    return workspace(caller, params)
        .compose(files -> files.read(params.path("name").asText()))
        .map(
            file -> {
              ObjectNode json =
                  Json.object()
                      .put("name", file.name())
                      .put("path", file.name())
                      .put("missing", false)
                      .put("size", file.size())
                      .put("updatedAtMs", file.updatedAtMs())
                      .put("hash", file.hash())
                      .put("content", file.text());
              return about(params).<ObjectNode>set("file", json);
            });
  }

  private Future<ObjectNode> set(Caller caller, ObjectNode params) {
    return workspace(caller, params)
        .compose(
            files -> files.write(params.path("name").asText(), params.path("content").asText()))
        .map(entry -> about(params).put("ok", true).<ObjectNode>set("file", describe(entry)));
  }

  private Future<Workspace> workspace(Caller caller, ObjectNode params) {
    AgentId agent = new AgentId(params.path("agentId").asText());
    return agents.get(caller.scope(), agent).map(known -> workspaces.of(caller.scope(), agent));
  }

  private static ObjectNode about(ObjectNode params) {
    String agent = params.path("agentId").asText();
    return Json.object().put("agentId", agent).put("workspace", "agents/" + agent + "/workspace");
  }

  private static ObjectNode describe(FileEntry entry) {
    return Json.object()
        .put("name", entry.name())
        .put("path", entry.name())
        .put("missing", false)
        .put("size", entry.size())
        .put("updatedAtMs", entry.updatedAtMs());
  }
}
