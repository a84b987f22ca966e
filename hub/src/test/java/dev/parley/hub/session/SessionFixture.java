package dev.parley.hub.session;

import static dev.parley.hub.store.RedisExtension.await;

import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.session.SessionSettings.Flush;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Sessions on a disk and a Redis of the test, and what tests say and read there. */
@ExtendWith(RedisExtension.class)
abstract class SessionFixture {
  static final AgentId HELPER = new AgentId("helper");
  static final SessionKey MAIN = SessionKey.main(HELPER);
  static final int MUCH = 1_000_000;

  @TempDir Path data;

  Vertx vertx;

  Store store;

  Sessions sessions;

  TenantScope acme;

  @BeforeEach
  void open(Store running) {
    store = running;
    vertx = Vertx.vertx();
    sessions = reopened();
    acme = tenant();
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  TenantScope tenant() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    return new TenantScopes(data).of(OwnerOf.tenant(name));
  }

  /** As after a restart of the hub: nothing remembered but what is on disk and in Redis. */
  Sessions reopened() {
    return with(SessionSettings.DEFAULTS);
  }

  Sessions with(SessionSettings settings) {
    return new Sessions(vertx, store, new Fencing(store), settings, Clock.systemUTC());
  }

  static SessionSettings settings(int maxRow, long maxTranscript, int maxSessions, int runs) {
    return new SessionSettings(
        Flush.TURNS,
        maxRow,
        maxTranscript,
        maxSessions,
        runs,
        1 << 20,
        100,
        Duration.ofMinutes(5),
        2,
        1_000,
        100);
  }

  Path transcript(SessionKey key) {
    List<SessionRow.Segment> files = await(sessions.open(acme, key)).transcript();
    return acme.directory()
        .resolve("agents/" + key.agent() + "/sessions/" + files.get(files.size() - 1).name());
  }

  static TranscriptRow said(String text) {
    return TranscriptRow.user(text, 1_700_000_000_000L);
  }

  static TranscriptRow answered(String text) {
    return TranscriptRow.assistant(text, 1_700_000_000_500L);
  }

  List<String> texts(Sessions from, SessionKey key) {
    return await(from.history(acme, key, 1_000, 0, MUCH)).rows().stream()
        .map(TranscriptRow::text)
        .toList();
  }

  void say(String... texts) {
    for (String text : texts) {
      await(sessions.append(acme, MAIN, said(text)));
    }
  }

  RunStart start(Sessions from, String runId, String text) {
    return await(from.startRun(acme, MAIN, runId, said(text)));
  }

  record Hub(Fencing fencing, Sessions sessions) {}

  Hub node(String name) {
    Fencing fencing = new Fencing(store);
    fencing.inCluster(name, () -> {});
    return new Hub(
        fencing, new Sessions(vertx, store, fencing, SessionSettings.DEFAULTS, Clock.systemUTC()));
  }
}
