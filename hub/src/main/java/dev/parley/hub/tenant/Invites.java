package dev.parley.hub.tenant;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.List;

/**
 * Codes that let somebody sign up; stored as hashes, each good for a number of uses until its end.
 */
public final class Invites {
  private static final Script USE = new Script("invite-use");
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int CODE_BYTES = 15;
  private static final int MAX_CODE_LENGTH = 100;

  private final Store store;
  private final Clock clock;

  public Invites(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Makes a code.
   *
   * @param uses how often it can be used
   * @param ttlMs how long it is good for
   * @return the code; it is not stored in clear
   */
  public Future<String> create(int uses, long ttlMs) {
    byte[] bytes = new byte[CODE_BYTES];
    RANDOM.nextBytes(bytes);
    String code = "inv_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    return store.set(key(code), Integer.toString(uses), ttlMs).map(code);
  }

  /** Uses a code up once; fails with {@code forbidden} when it is none, used up or expired. */
  public Future<Void> use(String code) {
    if (code.length() > MAX_CODE_LENGTH) {
      return Future.failedFuture(refused());
    }
    return change(code, -1)
        .compose(result -> result == 1 ? Future.succeededFuture() : Future.failedFuture(refused()));
  }

  /** Undoes a use. */
  public Future<Void> giveBack(String code) {
    return change(code, 1).mapEmpty();
  }

  public long now() {
    return clock.millis();
  }

  private Future<Long> change(String code, int by) {
    return store
        .run(USE, List.of(key(code)), List.of(Integer.toString(by)))
        .map(result -> result.integer(0));
  }

  private static ParleyException refused() {
    return new ParleyException(
            ErrorCode.FORBIDDEN, "this invite code is wrong, used up or expired; ask for a new one")
        .with("field", "invite");
  }

  private static Key key(String code) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(code.getBytes(StandardCharsets.UTF_8));
      return Keyspace.platform()
          .key("invite", Base64.getUrlEncoder().withoutPadding().encodeToString(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
