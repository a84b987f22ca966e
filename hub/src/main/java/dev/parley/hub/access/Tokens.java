package dev.parley.hub.access;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;

/** Verifies what is presented and is no API key. */
public interface Tokens {
  /** None are taken. */
  Tokens NONE =
      new Tokens() {
        @Override
        public boolean hasForm(String text) {
          return false;
        }

        @Override
        public Future<Identity> verify(String text, String digest) {
          return Future.failedFuture(
              new ParleyException(ErrorCode.UNAUTHORIZED, "this hub takes API keys only"));
        }
      };

  /** Whether a text may be a token, by its looks. */
  boolean hasForm(String text);

  /**
   * Whom a token is of.
   *
   * @param digest of the text, which tells it from all others
   * @return fails with {@code unauthorized} for every token that is not good now, and with {@code
   *     unavailable} when that cannot be found out
   */
  Future<Identity> verify(String text, String digest);
}
