package dev.parley.hub.cluster.tls;

import io.vertx.core.Vertx;
import javax.net.ssl.KeyManager;

/** What a node with a cluster secret shows, for tests that connect as one. */
public final class ShownCertificate {
  private ShownCertificate() {}

  /** The key and certificate that nodes make of a secret. */
  public static KeyManager[] of(Vertx vertx, String secret) throws Exception {
    return SecretCertificate.of(secret).toPfx().getKeyManagerFactory(vertx).getKeyManagers();
  }
}
