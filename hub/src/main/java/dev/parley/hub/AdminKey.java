package dev.parley.hub;

import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.IssuedKey;
import dev.parley.hub.access.Role;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Store;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The platform's first key: made on the first start and written to a file that only the operator's
 * account can read, so that {@code parley admin} works there without further ado. Delete the file
 * once other admin keys exist; it is not made again.
 */
final class AdminKey {
  private static final Key MADE = Keyspace.platform().key("admin-key-made");
  private static final long LIMIT = 100;

  private final Vertx vertx;
  private final ApiKeys keys;
  private final Store store;
  private final Path file;

  AdminKey(Vertx vertx, ApiKeys keys, Store store, Path data) {
    this.vertx = vertx;
    this.keys = keys;
    this.store = store;
    this.file = data.resolve("admin.key");
  }

  Path file() {
    return file;
  }

  Future<Void> ensure() {
    return store
        .get(MADE)
        .compose(
            made -> {
              if (made != null) {
                return Future.succeededFuture();
              }
              IssuedKey key = keys.prepare(ApiKeys.PLATFORM, Role.ADMIN, "first", null, 0);
              return vertx
                  .executeBlocking(() -> write(key.secret()), false)
                  .compose(written -> keys.store(ApiKeys.PLATFORM, key, LIMIT))
                  .compose(stored -> store.set(MADE, key.id(), 0));
            });
  }

  private Path write(String secret) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(
        file, secret + "\n", Set.of(StandardOpenOption.WRITE).toArray(new StandardOpenOption[0]));
  }
}
