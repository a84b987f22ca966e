package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;
import java.util.List;

/** Tools that a tenant's hosted agents have beside those of the hub: those of its plugins. */
public interface ToolBox {
  /** What the models are told of them. */
  Future<List<ToolSpec>> tools(TenantScope scope);

  /**
   * Calls a tool.
   *
   * @param name as {@link #tools} has it
   * @return its answer as text; fails with {@code not_found} when there is no such tool
   */
  Future<String> call(TenantScope scope, String name, ObjectNode arguments);
}
