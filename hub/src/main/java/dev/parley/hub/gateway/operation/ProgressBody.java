package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.IncomingBody;
import dev.parley.hub.gateway.OutgoingBody;
import dev.parley.hub.gateway.Refusals;
import dev.parley.hub.workspace.ImportProgress;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Says how far an import is while it goes on: lines of JSON, {@code {"progress":{…}}} and last
 * {@code {"result":{…}}} or {@code {"error":{…}}}. A client that reads slowly is told less, not
 * later.
 */
final class ProgressBody implements OutgoingBody, ImportProgress {
  private @Nullable ObjectNode latest;
  private @Nullable ObjectNode last;
  private @Nullable Promise<Buffer> waiting;
  private boolean ended;

  /** The import whose answer this is. */
  IncomingBody over(IncomingBody receiving) {
    return new IncomingBody() {
      @Override
      public Future<Void> write(Buffer piece) {
        return receiving.write(piece);
      }

      @Override
      public Future<?> end() {
        receiving
            .end()
            .onSuccess(result -> finish("result", (ObjectNode) result))
            .onFailure(failure -> finish("error", error(failure)));
        return Future.succeededFuture(ProgressBody.this);
      }

      @Override
      public void abort() {
        receiving.abort();
      }
    };
  }

  private static ObjectNode error(Throwable failure) {
    ParleyException refusal = Refusals.of(failure);
    return FrameCodec.toJson(refusal).put("code", refusal.code().wireName());
  }

  @Override
  public synchronized void reached(String phase, long files, long bytes) {
    latest = Json.object();
    latest.putObject("progress").put("phase", phase).put("files", files).put("bytes", bytes);
    tell();
  }

  private synchronized void finish(String name, ObjectNode value) {
    last = Json.object();
    last.set(name, value);
    tell();
  }

  @Override
  public int status() {
    return 200;
  }

  @Override
  public Map<String, String> headers() {
    return Map.of("Content-Type", "application/x-ndjson");
  }

  @Override
  public synchronized Future<Buffer> next() {
    if (ended) {
      return Future.succeededFuture(Buffer.buffer());
    }
    Promise<Buffer> promise = Promise.promise();
    waiting = promise;
    tell();
    return promise.future();
  }

  private void tell() {
    Promise<Buffer> promise = waiting;
    ObjectNode line = last == null ? latest : last;
    if (promise != null && line != null) {
      waiting = null;
      latest = null;
      ended = last != null;
      promise.complete(Buffer.buffer(Json.write(line) + "\n"));
    }
  }

  @Override
  public void close() {}
}
