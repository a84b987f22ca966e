package dev.parley.hub.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The text of a script and the SHA-1 by which Redis knows it.
 *
 * @param text Lua
 * @param sha 40 hex digits
 */
record LoadedScript(String text, String sha) {

  /**
   * Reads a script from the class path.
   *
   * @throws IllegalArgumentException when there is no such file: a defect
   */
  static LoadedScript load(Script script) {
    String file = "lua/" + script.name() + ".lua";
    try (InputStream in = LoadedScript.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no script " + file);
      }
      byte[] bytes = in.readAllBytes();
      byte[] sha = MessageDigest.getInstance("SHA-1").digest(bytes);
      return new LoadedScript(
          new String(bytes, StandardCharsets.UTF_8), HexFormat.of().formatHex(sha));
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new IllegalStateException("cannot read the script " + file, e);
    }
  }
}
