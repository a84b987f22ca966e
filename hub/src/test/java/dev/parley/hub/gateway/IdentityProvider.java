package dev.parley.hub.gateway;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** An identity provider on a free port: discovery, keys and tokens, as a real one has them. */
final class IdentityProvider implements AutoCloseable {
  static final String AUDIENCE = "parley";

  final AtomicInteger fetches = new AtomicInteger();
  private final Vertx vertx = Vertx.vertx();
  private final List<JWK> published = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private volatile JWK current;

  IdentityProvider() {
    server = vertx.createHttpServer().requestHandler(this::answer);
    server.listen(0, "127.0.0.1").await();
    rotate(true);
  }

  String issuer() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  JWK key() {
    return current;
  }

  /** Signs with a new key from now on; the old ones are published on or withdrawn. */
  void rotate(boolean withdraw) {
    JWK next = rsa("k-" + UUID.randomUUID());
    if (withdraw) {
      published.clear();
    }
    published.add(next);
    current = next;
  }

  void publish(JWK key) {
    published.add(key);
  }

  /** Claims that are in order, to be spoilt. */
  JWTClaimsSet.Builder claims(String tenant, String... roles) {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder()
        .issuer(issuer())
        .subject("alice")
        .audience(List.of("other", AUDIENCE))
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(300)))
        .claim("tenant", tenant)
        .claim("roles", List.of(roles));
  }

  String token(String tenant, String... roles) {
    return sign(claims(tenant, roles));
  }

  String sign(JWTClaimsSet.Builder claims) {
    return sign(claims, current, current.getKeyID(), JOSEObjectType.JWT);
  }

  static String sign(JWTClaimsSet.Builder claims, JWK key, String kid, JOSEObjectType type) {
    JWSAlgorithm algorithm = key instanceof ECKey ? JWSAlgorithm.ES256 : JWSAlgorithm.RS256;
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(algorithm).keyID(kid).type(type).build(), claims.build());
    try {
      JWSSigner signer =
          key instanceof ECKey ec ? new ECDSASigner(ec) : new RSASSASigner((RSAKey) key);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  static RSAKey rsa(String kid) {
    try {
      return new RSAKeyGenerator(2048).keyID(kid).keyUse(KeyUse.SIGNATURE).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  static ECKey ec(String kid) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(kid).keyUse(KeyUse.SIGNATURE).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private void answer(HttpServerRequest request) {
    switch (request.path()) {
      case "/.well-known/openid-configuration" ->
          request
              .response()
              .end(
                  Json.write(
                      Json.object().put("issuer", issuer()).put("jwks_uri", issuer() + "/keys")));
      case "/keys" -> {
        fetches.incrementAndGet();
        request.response().end(new JWKSet(List.copyOf(published)).toString(true));
      }
      default -> request.response().setStatusCode(404).end();
    }
  }

  @Override
  public void close() {
    vertx.close().await();
  }
}
