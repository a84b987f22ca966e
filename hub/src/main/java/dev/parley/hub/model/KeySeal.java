package dev.parley.hub.model;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Encrypts provider keys with AES-256-GCM (NIST SP 800-38D): a random nonce of 96 bits and a tag of
 * 128. Tenant, provider and base URL are authenticated with the ciphertext, so that whoever can
 * write to Redis can neither give one tenant's key to another nor have it sent elsewhere.
 *
 * <p>The text form is {@code v1:<id of the master key>:<base64 of nonce and ciphertext>}.
 */
final class KeySeal {
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final Pattern FORM =
      Pattern.compile("v1:([0-9a-f]{8}):([A-Za-z0-9+/]{38,4000}={0,2})");

  private final MasterKeys masters;
  private final SecureRandom random = new SecureRandom();

  KeySeal(MasterKeys masters) {
    this.masters = masters;
  }

  /** Where a secret belongs; it can be opened nowhere else. */
  record Place(TenantId tenant, Vendor vendor, String baseUrl) {
    private byte[] authenticated(String keyId) {
      return String.join("\n", "v1", keyId, tenant.value(), vendor.wireName(), baseUrl)
          .getBytes(StandardCharsets.UTF_8);
    }
  }

  String seal(Place place, String secret) {
    MasterKey master = masters.current();
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = cipher(master, Cipher.ENCRYPT_MODE, nonce, place);
      byte[] text = cipher.doFinal(secret.getBytes(StandardCharsets.UTF_8));
      byte[] sealed = Arrays.copyOf(nonce, NONCE_BYTES + text.length);
      System.arraycopy(text, 0, sealed, NONCE_BYTES, text.length);
      return "v1:" + master.id() + ":" + Base64.getEncoder().encodeToString(sealed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  /**
   * Opens what was sealed for this place.
   *
   * @throws ParleyException {@code conflict} when it was sealed with an unknown master key, for
   *     another place, or was changed since
   */
  String open(Place place, String sealed) {
    Matcher form = FORM.matcher(sealed);
    if (!form.matches()) {
      throw damaged(place);
    }
    MasterKey master = masters.find(form.group(1));
    if (master == null) {
      throw new ParleyException(
          ErrorCode.CONFLICT,
          "the key for %s was encrypted with master key %s and this hub has %s: restore that, or set the key again"
              .formatted(
                  place.vendor().wireName(), form.group(1), String.join(", ", masters.ids())));
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(form.group(2));
      if (!Base64.getEncoder().encodeToString(bytes).equals(form.group(2))) {
        throw damaged(place);
      }
      byte[] nonce = Arrays.copyOf(bytes, NONCE_BYTES);
      Cipher cipher = cipher(master, Cipher.DECRYPT_MODE, nonce, place);
      byte[] text = cipher.doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES);
      return new String(text, StandardCharsets.UTF_8);
    } catch (AEADBadTagException | IllegalArgumentException e) {
      throw damaged(place);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  /** Whether it was sealed with the key that seals now. */
  boolean isCurrent(String sealed) {
    Matcher form = FORM.matcher(sealed);
    return form.matches() && form.group(1).equals(masters.current().id());
  }

  private static Cipher cipher(MasterKey master, int mode, byte[] nonce, Place place)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, master.key(), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(place.authenticated(master.id()));
    return cipher;
  }

  private static ParleyException damaged(Place place) {
    String vendor = place.vendor().wireName();
    return new ParleyException(
        ErrorCode.CONFLICT,
        "the stored key for %s is damaged: set it again with parley providers set %s"
            .formatted(vendor, vendor));
  }
}
