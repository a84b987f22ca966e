package dev.parley.hub.cluster.tls;

import dev.parley.hub.cluster.TlsSettings;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * What this node shows to the others and whom it trusts. TLS 1.3, and both sides show a
 * certificate; host names are not compared, as the authority certifies nodes of this cluster only.
 */
public final class ClusterTls {
  /** How long a stranger may keep a connection. */
  static final int HANDSHAKE_SECONDS = 5;

  private static final String PROTOCOL = "TLSv1.3";

  private final KeyCertOptions shown;
  private final TrustOptions trusted;
  private final SSLContext context;

  private ClusterTls(KeyCertOptions shown, TrustOptions trusted, SSLContext context) {
    this.shown = shown;
    this.trusted = trusted;
    this.context = context;
  }

  /**
   * Makes what the settings say; blocks.
   *
   * @return empty when the traffic is not protected
   * @throws ParleyException {@code invalid_request} when a file cannot be read
   */
  public static Optional<ClusterTls> of(Vertx vertx, TlsSettings settings, String secret) {
    return switch (settings.traffic()) {
      case OFF -> Optional.empty();
      case SECRET -> Optional.of(ofSecret(vertx, secret));
      case CERTIFICATES -> Optional.of(ofFiles(vertx, settings));
    };
  }

  private static ClusterTls ofSecret(Vertx vertx, String secret) {
    PfxOptions made = SecretCertificate.of(secret).toPfx();
    try {
      return of(vertx, made, made);
    } catch (Exception e) {
      throw new IllegalStateException("this Java cannot use an Ed25519 certificate", e);
    }
  }

  private static ClusterTls ofFiles(Vertx vertx, TlsSettings settings) {
    try {
      return of(
          vertx,
          new PemKeyCertOptions().addCertPath(settings.certFile()).addKeyPath(settings.keyFile()),
          new PemTrustOptions().addCertPath(settings.caFile()));
    } catch (Exception e) {
      throw ParleyException.invalid(
          "cluster-tls",
          "the certificates of the cluster cannot be read from %s, %s and %s: %s"
              .formatted(
                  settings.certFile(), settings.keyFile(), settings.caFile(), e.getMessage()));
    }
  }

  private static ClusterTls of(Vertx vertx, KeyCertOptions shown, TrustOptions trusted)
      throws Exception {
    SSLContext context = SSLContext.getInstance(PROTOCOL);
    context.init(
        shown.getKeyManagerFactory(vertx).getKeyManagers(),
        trusted.getTrustManagerFactory(vertx).getTrustManagers(),
        null);
    return new ClusterTls(shown, trusted, context);
  }

  /** Protects an event bus. */
  public void protect(EventBusOptions options) {
    options
        .setSsl(true)
        .setClientAuth(ClientAuth.REQUIRED)
        .setSslHandshakeTimeout(HANDSHAKE_SECONDS)
        .setSslHandshakeTimeoutUnit(TimeUnit.SECONDS)
        .setEnabledSecureTransportProtocols(Set.of(PROTOCOL))
        .setKeyCertOptions(shown)
        .setTrustOptions(trusted);
  }

  /** One end of a connection. */
  SSLEngine engine(boolean client) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(client);
    engine.setEnabledProtocols(new String[] {PROTOCOL});
    if (!client) {
      engine.setNeedClientAuth(true);
    }
    return engine;
  }

  /**
   * Tries to connect to another node; blocks. In TLS 1.3 the server looks at the client's
   * certificate after the client is done, so this waits for a word from it.
   *
   * @return why one does not take the other's certificate; empty when both do or nobody is there
   */
  public Optional<String> refusalOf(InetSocketAddress node, int timeoutMs) {
    try (Socket plain = new Socket()) {
      plain.connect(node, timeoutMs);
      plain.setSoTimeout(timeoutMs);
      SSLSocket socket =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(plain, node.getHostString(), node.getPort(), false);
      socket.setEnabledProtocols(new String[] {PROTOCOL});
      socket.startHandshake();
      socket.getInputStream().read();
      return Optional.empty();
    } catch (SSLException refused) {
      return TlsFailures.isBroken(refused)
          ? Optional.empty()
          : Optional.of(TlsFailures.reason(refused));
    } catch (IOException away) {
      return Optional.empty();
    }
  }
}
