package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.Handler;
import dev.parley.hub.gateway.IncomingBody;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.OutgoingBody;
import dev.parley.hub.workspace.ArchiveExport;
import dev.parley.hub.workspace.ArchiveFormat;
import dev.parley.hub.workspace.FileDownload;
import dev.parley.hub.workspace.FileUpload;
import dev.parley.hub.workspace.Imported;
import dev.parley.hub.workspace.Precondition;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Files of any size, and archives, as streams of bytes. */
public final class TransferOperations {
  private final Agents agents;
  private final Workspaces workspaces;

  public TransferOperations(Agents agents, Workspaces workspaces) {
    this.agents = agents;
    this.workspaces = workspaces;
  }

  public void register(OperationTable table) {
    table
        .on("files.download", byRest(this::download))
        .on("files.upload", byRest(this::upload))
        .on("files.export", byRest(this::export))
        .on("files.import", byRest(this::importArchive));
  }

  /** Frames carry no streams of bytes; what is not there is told first, as everywhere. */
  private Handler byRest(Handler handler) {
    return (caller, params) ->
        caller.connection() == null
            ? handler.handle(caller, params)
            : WorkspaceOperations.workspace(agents, workspaces, caller, params)
                .compose(
                    files ->
                        Future.failedFuture(
                            ParleyException.invalid(
                                "method",
                                "bytes are only moved by REST; over a socket use files.read and"
                                    + " files.write")));
  }

  private Future<OutgoingBody> download(Caller caller, ObjectNode params) {
    Precondition condition = WorkspaceOperations.precondition(params);
    return WorkspaceOperations.workspace(agents, workspaces, caller, params)
        .compose(files -> files.download(params.path("path").asText()))
        .map(
            file -> {
              try {
                return body(file, condition, params.path("range").asText());
              } catch (ParleyException refusal) {
                file.close();
                throw refusal;
              }
            });
  }

  private static OutgoingBody body(FileDownload file, Precondition condition, String range) {
    if (condition.knows(file.tag())) {
      return new FileBody(file, new ByteRange(0, 0), 304);
    }
    ByteRange whole = new ByteRange(0, file.entry().size());
    ByteRange part = ByteRange.of(range, file.entry().size());
    return new FileBody(file, part == null ? whole : part, part == null ? 200 : 206);
  }

  private Future<IncomingBody> upload(Caller caller, ObjectNode params) {
    Precondition condition = WorkspaceOperations.precondition(params);
    return WorkspaceOperations.workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                files.upload(
                    params.path("path").asText(), params.path("size").asLong(-1), condition))
        .map(file -> new Receiving<>(file, WorkspaceOperations::result));
  }

  private Future<OutgoingBody> export(Caller caller, ObjectNode params) {
    String agent = params.path("agentId").asText();
    return WorkspaceOperations.workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                WorkspaceOperations.about(
                    "directory", files.export(params.path("directory").asText(), format(params))))
        .map(archive -> new ArchiveBody(archive, agent));
  }

  private static ArchiveFormat format(ObjectNode params) {
    return ArchiveFormat.of(params.path("format").asText());
  }

  private Future<IncomingBody> importArchive(Caller caller, ObjectNode params) {
    ProgressBody progress = params.path("progress").asBoolean() ? new ProgressBody() : null;
    return WorkspaceOperations.workspace(agents, workspaces, caller, params)
        .compose(
            files ->
                WorkspaceOperations.about(
                    "directory",
                    files.importInto(
                        params.path("directory").asText(),
                        format(params),
                        params.path("replace").asBoolean(),
                        params.path("size").asLong(-1),
                        progress == null ? (phase, count, bytes) -> {} : progress)))
        .map(
            file -> {
              Receiving<Imported> receiving = new Receiving<>(file, TransferOperations::describe);
              return progress == null ? receiving : progress.over(receiving);
            });
  }

  private static ObjectNode describe(Imported imported) {
    return Json.object().put("files", imported.files()).put("bytes", imported.bytes());
  }

  private record Receiving<R>(FileUpload<R> file, Function<R, ObjectNode> describe)
      implements IncomingBody {
    @Override
    public Future<Void> write(Buffer piece) {
      return file.write(piece);
    }

    @Override
    public Future<?> end() {
      return file.commit().map(describe);
    }

    @Override
    public void abort() {
      var unused = file.abort();
    }
  }

  private static final class FileBody implements OutgoingBody {
    private static final int PIECE = 128 << 10;

    private final FileDownload file;
    private final ByteRange range;
    private final int status;
    private long sent;

    FileBody(FileDownload file, ByteRange range, int status) {
      this.file = file;
      this.range = range;
      this.status = status;
    }

    @Override
    public int status() {
      return status;
    }

    @Override
    public Map<String, String> headers() {
      Map<String, String> headers = new HashMap<>();
      headers.put("ETag", '"' + file.tag() + '"');
      headers.put("Accept-Ranges", "bytes");
      if (status != 304) {
        headers.put("Content-Type", "application/octet-stream");
        headers.put("Content-Disposition", "attachment");
        headers.put("Content-Length", Long.toString(range.length()));
      }
      if (status == 206) {
        headers.put(
            "Content-Range",
            "bytes %d-%d/%d".formatted(range.start(), range.end() - 1, file.entry().size()));
      }
      return headers;
    }

    @Override
    public Future<Buffer> next() {
      int most = (int) Math.min(PIECE, range.length() - sent);
      if (most == 0) {
        return Future.succeededFuture(Buffer.buffer());
      }
      return file.read(range.start() + sent, most)
          .map(
              piece -> {
                if (piece.length() < most) {
                  throw new IllegalStateException("a file became shorter: " + file.entry());
                }
                sent += most;
                return piece;
              });
    }

    @Override
    public void close() {
      file.close();
    }
  }

  private record ArchiveBody(ArchiveExport archive, String agent) implements OutgoingBody {
    @Override
    public int status() {
      return 200;
    }

    @Override
    public Map<String, String> headers() {
      boolean zip = archive.format() == ArchiveFormat.ZIP;
      return Map.of(
          "Content-Type",
          zip ? "application/zip" : "application/gzip",
          "Content-Disposition",
          "attachment; filename=\"%s.%s\"".formatted(agent, archive.format().wireName()));
    }

    @Override
    public Future<Buffer> next() {
      return archive.next();
    }

    @Override
    public void close() {
      archive.close();
    }
  }
}
