package dev.parley.hub.agent;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.workspace.WorkspaceSettings;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(RedisExtension.class)
class FileToolsTest {
  @TempDir Path data;
  private final Vertx vertx = Vertx.vertx();
  private FileTools tools;

  @BeforeEach
  void open(Store store) {
    Workspaces workspaces =
        new Workspaces(
            vertx,
            store,
            Clock.systemUTC(),
            tenant -> Future.succeededFuture(Plan.FREE.limits()),
            WorkspaceSettings.DEFAULTS,
            true);
    tools =
        new FileTools(
            workspaces.of(new TenantScopes(data).of(OwnerOf.tenant("tools")), new AgentId("main")));
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private Future<String> run(String tool, String... arguments) {
    var json = Json.object();
    for (int i = 0; i < arguments.length; i += 2) {
      json.put(arguments[i], arguments[i + 1]);
    }
    Future<String> result = tools.run(tool, json);
    assertNotNull(result, tool);
    return result;
  }

  @Test
  void anAgentWorksOnItsFiles() {
    assertEquals(
        "wrote a.md (3 bytes)", await(run("write_file", "path", "a.md", "content", "one")));
    Future<String> append =
        tools.run(
            "write_file",
            Json.object().put("path", "a.md").put("content", "\ntwo MILK").put("append", true));
    assertEquals("wrote a.md (12 bytes)", await(append));
    assertEquals("one\ntwo MILK", await(run("read_file", "path", "a.md")));
    assertEquals(
        "moved to notes/b.md", await(run("move_file", "from", "a.md", "to", "notes/b.md")));
    assertEquals("notes/b.md (12 bytes)", await(run("list_files", "directory", "notes")));
    assertEquals("notes/b.md:2: two MILK", await(run("search_files", "text", "milk")));
    assertEquals("notes/b.md", await(run("search_files", "name", "*.md")));
    assertEquals("nothing found in 1 files", await(run("search_files", "text", "beer")));
    assertEquals("deleted notes/b.md", await(run("delete_file", "path", "notes/b.md")));
    assertEquals(ErrorCode.NOT_FOUND, refusal(run("delete_file", "path", "notes/b.md")).code());
    assertEquals("", await(run("list_files")));
  }

  @Test
  void everyToolThatIsOfferedExistsAndRefusesHostilePaths() {
    assertNull(tools.run("call_agent", Json.object()));
    for (ToolSpec spec : FileTools.SPECS) {
      if (spec.name().equals("search_files")) {
        continue;
      }
      for (String path :
          List.of("../x", "/etc/passwd", "a/../../x", ".parley-x", "..", "a\u0000")) {
        ParleyException refused =
            refusal(
                run(
                    spec.name(),
                    "path",
                    path,
                    "content",
                    "x",
                    "from",
                    path,
                    "to",
                    path,
                    "directory",
                    path));
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code(), spec.name() + " " + path);
        assertTrue(refused.details().containsKey("field"));
      }
    }
  }
}
