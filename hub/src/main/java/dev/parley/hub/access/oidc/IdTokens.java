package dev.parley.hub.access.oidc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.parley.hub.access.Identity;
import dev.parley.hub.access.Tokens;
import dev.parley.hub.outbound.Outbound;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Date;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies tokens of persons (RFC 7519, RFC 8725): signed with a public-key algorithm that is
 * allowed, by a key of the issuer, for this hub as audience, now. Why a token is refused is in the
 * log of the hub and not in the answer.
 *
 * <p>Signatures are verified on threads of their own. What was verified is remembered by its digest
 * until it expires or the issuer's keys are fetched anew, so that the requests of a REST client
 * cost one verification.
 */
public final class IdTokens implements Tokens {
  private static final Logger LOG = LoggerFactory.getLogger(IdTokens.class);
  private static final int MOST_LENGTH = 8_192;
  private static final int MOST_REMEMBERED = 10_000;
  private static final int MOST_WAITING = 1_000;
  private static final int THREADS = 2;

  private final OidcSettings settings;
  private final InstantSource clock;
  private final IssuerKeys keys;
  private final ClaimReader claims;
  private final WorkerExecutor workers;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Cache<String, Verified> verified =
      Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).build();

  /** An identity, and when the keys were fetched with which its token was verified. */
  private record Verified(Identity identity, long keysOf) {}

  public IdTokens(Vertx vertx, OidcSettings settings, Outbound http, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
    this.keys = new IssuerKeys(settings, http, clock);
    this.claims = new ClaimReader(settings);
    this.workers = vertx.createSharedWorkerExecutor("parley-tokens", THREADS);
  }

  @Override
  public boolean hasForm(String text) {
    return text.length() <= MOST_LENGTH
        && text.startsWith("ey")
        && text.chars().filter(c -> c == '.').count() == 2;
  }

  @Override
  public Future<Identity> verify(String text, String digest) {
    SignedJWT token;
    try {
      token = SignedJWT.parse(text);
    } catch (ParseException e) {
      return Future.failedFuture(refused("it cannot be read"));
    }
    JWSHeader header = token.getHeader();
    if (!settings.algorithms().contains(header.getAlgorithm())) {
      return Future.failedFuture(refused("its algorithm is not allowed"));
    }
    return keys.holding(header.getKeyID())
        .compose(
            found -> {
              Verified known = verified.getIfPresent(digest);
              if (known != null
                  && known.keysOf == found.fetchedAt()
                  && clock.millis() < known.identity.validUntil()) {
                return Future.succeededFuture(known.identity);
              }
              return verify(token, found)
                  .onSuccess(
                      identity -> verified.put(digest, new Verified(identity, found.fetchedAt())));
            });
  }

  private Future<Identity> verify(SignedJWT token, IssuerKeys.Keys found) {
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new ParleyException(ErrorCode.UNAVAILABLE, "too many tokens wait to be verified")
              .retryAfter(1_000));
    }
    return workers.executeBlocking(
        () -> {
          try {
            return claims.identity(processor(found).process(token, null));
          } catch (BadJOSEException | JOSEException e) {
            throw refused(String.valueOf(e.getMessage()));
          } finally {
            waiting.decrementAndGet();
          }
        },
        false);
  }

  private DefaultJWTProcessor<SecurityContext> processor(IssuerKeys.Keys found) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            settings.algorithms(), new ImmutableJWKSet<SecurityContext>(found.set())));
    processor.setJWTClaimsSetVerifier(new ClaimsNow());
    return processor;
  }

  /** Checks issuer, audience and times, by the clock of the store. */
  private final class ClaimsNow extends DefaultJWTClaimsVerifier<SecurityContext> {
    ClaimsNow() {
      super(
          new HashSet<>(settings.audiences()),
          new JWTClaimsSet.Builder().issuer(settings.issuer().toString()).build(),
          Set.of("iss", "aud", "exp", "sub", settings.tenantClaim(), settings.roleClaim()),
          Set.of());
      setMaxClockSkew((int) settings.clockSkew().toSeconds());
    }

    @Override
    protected Date currentTime() {
      return Date.from(clock.instant());
    }
  }

  /** How often the issuer's keys were fetched. */
  public long fetches() {
    return keys.fetches();
  }

  /** How often fetching them failed. */
  public long failures() {
    return keys.failures();
  }

  static ParleyException refused(@Nullable String why) {
    LOG.debug("a token was refused: {}", why);
    return new ParleyException(
        ErrorCode.UNAUTHORIZED, "the token is wrong, expired or not for this hub");
  }
}
