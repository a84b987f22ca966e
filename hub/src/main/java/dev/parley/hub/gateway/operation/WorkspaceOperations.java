package dev.parley.hub.gateway.operation;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.workspace.FileEntry;
import dev.parley.hub.workspace.FileListing;
import dev.parley.hub.workspace.FileMatches;
import dev.parley.hub.workspace.FilePart;
import dev.parley.hub.workspace.FileQuery;
import dev.parley.hub.workspace.FileWritten;
import dev.parley.hub.workspace.Precondition;
import dev.parley.hub.workspace.Workspace;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files of a tenant's agents: {@code files.*}, but for what moves streams of bytes. */
public final class WorkspaceOperations {
  private static final int DEFAULT_PART = 256 << 10;
  private static final int DEFAULT_MATCHES = 100;
  private static final int LONGEST_CHARACTER = 4;

  private final Agents agents;
  private final Workspaces workspaces;

  public WorkspaceOperations(Agents agents, Workspaces workspaces) {
    this.agents = agents;
    this.workspaces = workspaces;
  }

  public void register(OperationTable table) {
    table
        .on("files.list", this::list)
        .on("files.usage", (caller, params) -> usage(caller))
        .on("files.read", this::read)
        .on("files.write", this::write)
        .on("files.append", this::append)
        .on("files.move", this::move)
        .on("files.delete", this::delete)
        .on("files.search", this::search);
  }

  private Future<ObjectNode> search(Caller caller, ObjectNode params) {
    if (!params.hasNonNull("text") && !params.hasNonNull("name")) {
      throw ParleyException.invalid("text", "say what to look for: text, a name, or both");
    }
    FileQuery query =
        new FileQuery(
            params.path("directory").asText(),
            params.path("text").textValue(),
            params.path("name").textValue(),
            params.path("ignoreCase").asBoolean(),
            params.path("limit").asInt(DEFAULT_MATCHES),
            params.path("after").textValue());
    return workspace(agents, workspaces, caller, params)
        .compose(files -> about("directory", files.search(query)))
        .map(WorkspaceOperations::describe);
  }

  private static ObjectNode describe(FileMatches found) {
    ObjectNode result = Json.object();
    ArrayNode list = result.putArray("matches");
    for (FileMatches.Match match : found.matches()) {
      ObjectNode json = list.addObject().put("path", match.path());
      if (match.line() > 0) {
        json.put("line", match.line()).put("text", match.text());
      }
    }
    result.put("filesSearched", found.searched()).put("filesSkipped", found.skipped());
    return found.after() == null ? result : result.put("after", found.after());
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    String directory = params.path("directory").asText();
    return workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                about(
                    "directory",
                    params.path("recursive").asBoolean()
                        ? files.list(directory).map(all -> new FileListing(all, List.of()))
                        : files.listOne(directory)))
        .map(
            found -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("files");
              found.files().forEach(entry -> list.add(describe(entry, null)));
              ArrayNode directories = result.putArray("directories");
              found.directories().forEach(directories::add);
              return result;
            });
  }

  private Future<ObjectNode> usage(Caller caller) {
    return workspaces
        .usage(caller.scope())
        .map(
            usage ->
                Json.object()
                    .put("bytes", usage.bytes())
                    .put("maxBytes", usage.maxBytes())
                    .put("files", usage.files())
                    .put("maxFiles", usage.maxFiles()));
  }

  private Future<ObjectNode> read(Caller caller, ObjectNode params) {
    boolean base64 = isBase64(params);
    return workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                files.read(
                    params.path("path").asText(),
                    params.path("offset").asLong(),
                    params.path("length").asInt(DEFAULT_PART)))
        .map(part -> describe(part, base64));
  }

  private static ObjectNode describe(FilePart part, boolean base64) {
    ByteBuffer bytes = part.bytes().duplicate();
    String content;
    if (base64) {
      content = UTF_8.decode(Base64.getEncoder().encode(bytes.duplicate())).toString();
    } else {
      if (part.hasMore()) {
        bytes.limit(wholeCharacters(bytes));
      }
      content = text(part.entry().name(), bytes.duplicate());
    }
    ObjectNode result = Json.object();
    result.set("file", describe(part.entry(), part.tag()));
    result
        .put("offset", part.offset())
        .put("content", content)
        .put("encoding", base64 ? "base64" : "utf8");
    long next = part.offset() + bytes.remaining();
    return next < part.entry().size() && bytes.hasRemaining()
        ? result.put("nextOffset", next)
        : result;
  }

  /** Where the last character begins that may not be whole, or the end. */
  private static int wholeCharacters(ByteBuffer bytes) {
    int end = bytes.limit();
    for (int at = end - 1; at >= Math.max(0, end - LONGEST_CHARACTER); at--) {
      int first = bytes.get(at) & 0xff;
      if (first >= 0xc0) {
        int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        return at + length > end ? at : end;
      }
      if (first < 0x80) {
        return end;
      }
    }
    return end;
  }

  private static String text(String path, ByteBuffer bytes) {
    try {
      return UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new ParleyException(
              ErrorCode.CONFLICT, path + " is not UTF-8 text here; read it with encoding base64")
          .with("field", "path");
    }
  }

  private Future<ObjectNode> write(Caller caller, ObjectNode params) {
    ByteBuffer content = content(params);
    Precondition condition = precondition(params);
    return workspace(agents, workspaces, caller, params)
        .compose(files -> files.write(params.path("path").asText(), content, condition))
        .map(WorkspaceOperations::result);
  }

  private Future<ObjectNode> append(Caller caller, ObjectNode params) {
    ByteBuffer content = content(params);
    Precondition condition = precondition(params);
    return workspace(agents, workspaces, caller, params)
        .compose(files -> files.append(params.path("path").asText(), content, condition))
        .map(WorkspaceOperations::result);
  }

  private Future<ObjectNode> move(Caller caller, ObjectNode params) {
    Precondition condition = precondition(params);
    return workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                about(
                    "source",
                    files.move(
                        params.path("source").asText(),
                        params.path("target").asText(),
                        params.path("replace").asBoolean(),
                        condition)))
        .map(moved -> Json.object().put("path", moved.name()));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    Precondition condition = precondition(params);
    return workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                files.delete(
                    params.path("path").asText(), params.path("recursive").asBoolean(), condition))
        .map(deleted -> Json.object().put("deleted", deleted));
  }

  private static ByteBuffer content(ObjectNode params) {
    String content = params.path("content").asText();
    if (!isBase64(params)) {
      return Workspace.utf8(content);
    }
    try {
      return ByteBuffer.wrap(Base64.getDecoder().decode(content));
    } catch (IllegalArgumentException e) {
      throw ParleyException.invalid("content", "the content is not valid base64");
    }
  }

  private static boolean isBase64(ObjectNode params) {
    return params.path("encoding").asText().equals("base64");
  }

  static Precondition precondition(ObjectNode params) {
    return Precondition.of(
        params.path("ifMatch").textValue(), params.path("ifNoneMatch").textValue());
  }

  static ObjectNode result(FileWritten written) {
    return Json.object().<ObjectNode>set("file", describe(written.entry(), written.tag()));
  }

  private static ObjectNode describe(FileEntry entry, @Nullable String tag) {
    ObjectNode json =
        Json.object()
            .put("path", entry.name())
            .put("size", entry.size())
            .put("updatedAt", entry.updatedAtMs());
    return tag == null ? json : json.put("etag", tag);
  }

  /** The workspace of an own agent; fails with {@code not_found}. */
  static Future<Workspace> workspace(
      Agents agents, Workspaces workspaces, Caller caller, ObjectNode params) {
    AgentId agent = new AgentId(params.path("agentId").asText());
    return agents.get(caller.scope(), agent).map(known -> workspaces.of(caller.scope(), agent));
  }

  /** Says by its own name which param a refused path came from. */
  static <T> Future<T> about(String field, Future<T> work) {
    return work.recover(
        failure ->
            Future.failedFuture(
                failure instanceof ParleyException refusal
                        && "path".equals(refusal.details().get("field"))
                    ? refusal.with("field", field)
                    : failure));
  }
}
