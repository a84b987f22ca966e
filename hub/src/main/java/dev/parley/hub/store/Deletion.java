package dev.parley.hub.store;

import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Deletes what begins with a prefix, going once through all keys of the server that holds them
 * ({@code SCAN}, {@code UNLINK}). A prefix holds no character that is special in a pattern.
 */
final class Deletion {
  private static final int AT_ONCE = 1_000;

  private final Topology servers;
  private final Key prefix;
  private final Map<String, Long> kinds = new TreeMap<>();

  Deletion(Topology servers, Key prefix) {
    this.servers = servers;
    this.prefix = prefix;
  }

  /** Answers how many keys of each kind were deleted. */
  Future<Map<String, Long>> run() {
    return from("0").recover(e -> Future.failedFuture(RedisFailure.of(e)));
  }

  private Future<Map<String, Long>> from(String cursor) {
    return servers
        .send(
            prefix,
            Request.cmd(Command.SCAN)
                .arg(cursor)
                .arg("MATCH")
                .arg(prefix.value() + "*")
                .arg("COUNT")
                .arg(AT_ONCE))
        .compose(
            page -> {
              if (page == null) {
                return Future.failedFuture(RedisFailure.away());
              }
              String next = page.get(0).toString();
              return unlink(Replies.textList(page.get(1)))
                  .compose(done -> next.equals("0") ? Future.succeededFuture(kinds) : from(next));
            });
  }

  private Future<@Nullable Response> unlink(List<String> keys) {
    if (keys.isEmpty()) {
      return Future.succeededFuture();
    }
    Request request = Request.cmd(Command.UNLINK);
    for (String key : keys) {
      request.arg(key);
      String name = key.substring(prefix.value().length());
      int end = name.indexOf(':');
      kinds.merge(end < 0 ? name : name.substring(0, end), 1L, Long::sum);
    }
    return servers.send(prefix, request);
  }
}
