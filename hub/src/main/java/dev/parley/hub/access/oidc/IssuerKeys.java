package dev.parley.hub.access.oidc;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.jwk.JWKSet;
import dev.parley.hub.outbound.Outbound;
import dev.parley.hub.outbound.OutboundLimits;
import dev.parley.hub.outbound.OutboundRequest;
import dev.parley.hub.outbound.OutboundResponse;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's public keys (OpenID Connect Discovery 1.0, RFC 7517): fetched when they are first
 * needed, then every refresh interval, and when a token names a key that is not among them, which
 * is how a rotation shows. Strangers can name keys as they like, so that happens at most every
 * {@link #PAUSE}, and one fetch serves all who wait. While the provider is away its last keys are
 * used for {@value #STALE_REFRESHES} intervals, and then none.
 */
final class IssuerKeys {
  static final Duration PAUSE = Duration.ofSeconds(5);
  static final int STALE_REFRESHES = 12;
  static final int MOST_KEYS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);
  private static final OutboundLimits LIMITS =
      new OutboundLimits(256 << 10, Duration.ofSeconds(5), 2);

  private final OidcSettings settings;
  private final Outbound http;
  private final InstantSource clock;
  private final LongAdder fetches = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private @Nullable Keys current;
  private @Nullable Future<Keys> fetching;
  private long triedAt = Long.MIN_VALUE;

  /** Keys as of a time; two with the same keys are the same. */
  record Keys(JWKSet set, long fetchedAt) {}

  IssuerKeys(OidcSettings settings, Outbound http, InstantSource clock) {
    this.settings = settings;
    this.http = http;
    this.clock = clock;
  }

  /**
   * The keys of which one should have this id.
   *
   * @param id null for a token that names none
   * @return keys without it where the provider has none of this id, or was asked a moment ago;
   *     fails with {@code unavailable} when its keys cannot be had
   */
  Future<Keys> holding(@Nullable String id) {
    long now = clock.millis();
    Keys keys;
    Future<Keys> fetch;
    synchronized (this) {
      keys = current;
      boolean known = keys != null && (id == null || keys.set().getKeyByKeyId(id) != null);
      boolean fresh = keys != null && now - keys.fetchedAt() < settings.refresh().toMillis();
      if (known && fresh) {
        return Future.succeededFuture(keys);
      }
      fetch = fetch(now);
      if (known && isUsable(keys, now)) {
        return Future.succeededFuture(keys);
      }
    }
    Keys before = isUsable(keys, now) ? keys : null;
    if (fetch == null) {
      return before == null ? Future.failedFuture(away()) : Future.succeededFuture(before);
    }
    return fetch.recover(
        failure -> before == null ? Future.failedFuture(away()) : Future.succeededFuture(before));
  }

  private boolean isUsable(@Nullable Keys keys, long now) {
    return keys != null && now - keys.fetchedAt() < STALE_REFRESHES * settings.refresh().toMillis();
  }

  long fetches() {
    return fetches.sum();
  }

  long failures() {
    return failures.sum();
  }

  /** The fetch under way or a new one; null when the last one was a moment ago. */
  private synchronized @Nullable Future<Keys> fetch(long now) {
    if (fetching != null) {
      return fetching;
    }
    if (triedAt != Long.MIN_VALUE && now - triedAt < PAUSE.toMillis()) {
      return null;
    }
    triedAt = now;
    fetches.increment();
    Future<Keys> begun = discover().compose(this::keysAt).map(set -> new Keys(set, now));
    fetching = begun;
    begun.onComplete(
        done -> {
          if (done.failed()) {
            failures.increment();
            LOG.warn(
                "the keys of {} cannot be fetched: {}",
                settings.issuer(),
                done.cause().getMessage());
          }
          took(done.succeeded() ? done.result() : null);
        });
    return begun;
  }

  private synchronized void took(@Nullable Keys keys) {
    fetching = null;
    if (keys != null) {
      current = keys;
    }
  }

  private Future<URI> discover() {
    String issuer = settings.issuer().toString();
    String path = issuer.endsWith("/") ? issuer : issuer + "/";
    return get(URI.create(path + ".well-known/openid-configuration"))
        .map(
            text -> {
              JsonNode found = Json.parse("discovery", text);
              if (!found.path("issuer").asText().equals(issuer)) {
                throw unusable("its discovery document is of another issuer");
              }
              URI keys = url(found.path("jwks_uri").asText());
              if (!OidcSettings.isSecure(keys)) {
                throw unusable("its jwks_uri is not https");
              }
              return keys;
            });
  }

  private Future<JWKSet> keysAt(URI url) {
    return get(url)
        .map(
            text -> {
              try {
                JWKSet keys = JWKSet.parse(text).toPublicJWKSet();
                if (keys.size() > MOST_KEYS) {
                  throw unusable("it has more than %d keys".formatted(MOST_KEYS));
                }
                return keys;
              } catch (ParseException e) {
                throw unusable("its keys cannot be read");
              }
            });
  }

  private Future<String> get(URI url) {
    return http.send(OutboundRequest.get(url), LIMITS).map(IssuerKeys::text);
  }

  private static String text(OutboundResponse response) {
    if (response.status() != 200) {
      throw unusable("it answered with HTTP status " + response.status());
    }
    return response.body().toString();
  }

  private static URI url(String text) {
    try {
      return URI.create(text);
    } catch (IllegalArgumentException e) {
      throw unusable("its jwks_uri cannot be read");
    }
  }

  private static ParleyException unusable(String why) {
    return new ParleyException(ErrorCode.AGENT_FAILED, why);
  }

  private ParleyException away() {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "the keys of the identity provider cannot be fetched now")
        .retryAfter(PAUSE.toMillis());
  }
}
