package dev.parley.hub.store;

import dev.parley.protocol.address.TenantId;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.nio.file.Path;
import java.util.List;

/** Looks into the Redis of a hub past the hub. */
public final class RedisPeek {
  private RedisPeek() {}

  /**
   * The keys of a tenant.
   *
   * @param data the data directory of the hub that has started the Redis
   */
  public static List<String> keysOf(Path data, String tenant) {
    String pattern = Keyspace.of(new TenantId(tenant)).any().value() + "*";
    Path socket = Stores.serverDirectory(data).resolve("redis.sock");
    Vertx vertx = Vertx.vertx();
    try {
      Redis redis = Redis.createClient(vertx, "unix://" + socket);
      return Replies.textList(
          RedisExtension.await(redis.send(Request.cmd(Command.KEYS).arg(pattern))));
    } finally {
      RedisExtension.await(vertx.close());
    }
  }
}
