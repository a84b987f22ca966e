package dev.parley.hub.session;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The conversations with which an agent's directories come into being. */
@ExtendWith(RedisExtension.class)
class FirstTurnsTest {
  private static final int AGENTS = 150;
  private static final int SESSIONS = 4;

  @Test
  void theFirstSessionsOfAnAgentMayBeginAtTheSameMoment(@TempDir Path data, Store store) {
    Vertx vertx = Vertx.vertx();
    try {
      Sessions sessions =
          new Sessions(
              vertx, store, new Fencing(store), SessionSettings.DEFAULTS, Clock.systemUTC());
      for (int i = 0; i < AGENTS; i++) {
        TenantScope tenant = new TenantScopes(data).of(OwnerOf.tenant("first-turns-" + i));
        AgentId agent = new AgentId("helper");
        List<Future<Appended>> turns =
            IntStream.range(0, SESSIONS)
                .mapToObj(
                    n ->
                        sessions.append(
                            tenant,
                            new SessionKey(agent, "s" + n),
                            TranscriptRow.user("hello", 1_700_000_000_000L)))
                .toList();
        for (Future<Appended> turn : turns) {
          assertNotNull(await(turn).row());
        }
      }
    } finally {
      await(vertx.close());
    }
  }
}
