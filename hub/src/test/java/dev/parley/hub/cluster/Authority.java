package dev.parley.hub.cluster;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority that writes PEM files, as an operator's would. */
final class Authority {
  private final Path directory;
  private final X500Name name;
  private final KeyPair keys;
  private final Path caFile;

  Authority(Path directory, String name) throws Exception {
    this.directory = directory;
    this.name = new X500Name("CN=" + name);
    this.keys = pair();
    this.caFile = write(name + "-ca.pem", "CERTIFICATE", certificate(this.name, keys, true));
  }

  String caFile() {
    return caFile.toString();
  }

  /** Makes a key and a certificate. */
  TlsSettings issue(String node) throws Exception {
    KeyPair own = pair();
    Path cert =
        write(node + ".pem", "CERTIFICATE", certificate(new X500Name("CN=" + node), own, false));
    Path key = write(node + "-key.pem", "PRIVATE KEY", own.getPrivate().getEncoded());
    return new TlsSettings(ClusterTraffic.CERTIFICATES, cert.toString(), key.toString(), caFile());
  }

  private static KeyPair pair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private byte[] certificate(X500Name subject, KeyPair of, boolean authority)
      throws OperatorCreationException, IOException {
    Instant now = Instant.now();
    X509CertificateHolder made =
        new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(64, new SecureRandom()),
                Date.from(now.minus(Duration.ofDays(1))),
                Date.from(now.plus(Duration.ofDays(1))),
                subject,
                of.getPublic())
            .addExtension(Extension.basicConstraints, true, new BasicConstraints(authority))
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
    return made.getEncoded();
  }

  private Path write(String file, String kind, byte[] bytes) throws IOException {
    return Files.writeString(
        directory.resolve(file),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(kind, Base64.getMimeEncoder().encodeToString(bytes), kind));
  }
}
