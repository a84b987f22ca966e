package dev.parley.hub.access;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A key that has just been made.
 *
 * @param id its id
 * @param secret the whole key: shown once, stored nowhere
 * @param row what is stored under its id
 * @param description the key as operations show it
 */
public record IssuedKey(String id, String secret, String row, ObjectNode description) {
  @Override
  public String toString() {
    return "key " + id;
  }
}
