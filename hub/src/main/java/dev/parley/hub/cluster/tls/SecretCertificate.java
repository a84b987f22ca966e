package dev.parley.hub.cluster.tls;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PfxOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.time.Instant;
import java.util.Date;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The key pair and certificate that every node makes of the cluster secret, the same on all: who
 * can show it has the secret. The 32 bytes that PBKDF2 (RFC 8018) makes of the secret are an
 * Ed25519 private key (RFC 8032), which any 32 bytes are. Its signatures are deterministic, so the
 * certificates are equal byte by byte and each node trusts just this one. The key signs TLS 1.3
 * handshakes and encrypts nothing: what was recorded stays secret when the secret gets known later.
 */
record SecretCertificate(PrivateKey key, X509Certificate certificate) {
  private static final String SALT = "parley cluster certificate 1";

  /** Slows down guessing from a certificate that a stranger was shown; 0.3 s of a start. */
  private static final int ROUNDS = 100_000;

  private static final String PASSWORD = "in memory";
  private static final X500Name NAME = new X500Name("CN=parley cluster");
  private static final Instant FROM = Instant.parse("2000-01-01T00:00:00Z");

  /** "No well-defined expiration date", RFC 5280, 4.1.2.5. */
  private static final Instant UNTIL = Instant.parse("9999-12-31T23:59:59Z");

  static SecretCertificate of(String secret) {
    try {
      byte[] seed = seed(secret);
      PrivateKey key =
          KeyFactory.getInstance("Ed25519")
              .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
      X509v3CertificateBuilder builder =
          new X509v3CertificateBuilder(
              NAME,
              BigInteger.ONE,
              Date.from(FROM),
              Date.from(UNTIL),
              NAME,
              SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(
                  new Ed25519PrivateKeyParameters(seed, 0).generatePublicKey()));
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign));
      byte[] encoded =
          builder.build(new JcaContentSignerBuilder("Ed25519").build(key)).getEncoded();
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(encoded));
      return new SecretCertificate(key, certificate);
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("this Java cannot make an Ed25519 certificate", e);
    }
  }

  private static byte[] seed(String secret) throws GeneralSecurityException {
    PBEKeySpec spec =
        new PBEKeySpec(
            secret.toCharArray(),
            SALT.getBytes(StandardCharsets.US_ASCII),
            ROUNDS,
            Ed25519PrivateKeyParameters.KEY_SIZE * Byte.SIZE);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } finally {
      spec.clearPassword();
    }
  }

  /** Both in the form in which Vert.x takes them; in memory only, so the password hides nothing. */
  PfxOptions toPfx() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("node", key, PASSWORD.toCharArray(), new X509Certificate[] {certificate});
      store.setCertificateEntry("nodes", certificate);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, PASSWORD.toCharArray());
      return new PfxOptions().setValue(Buffer.buffer(bytes.toByteArray())).setPassword(PASSWORD);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("this Java cannot keep an Ed25519 certificate", e);
    }
  }

  @Override
  public String toString() {
    return certificate.getSubjectX500Principal().getName();
  }
}
