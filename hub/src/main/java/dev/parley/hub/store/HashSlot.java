package dev.parley.hub.store;

import java.nio.charset.StandardCharsets;

/** Which of the slots of a Redis Cluster a key is in: CRC-16/XMODEM of its tag. */
final class HashSlot {
  static final int COUNT = 16_384;

  private HashSlot() {}

  static int of(Key key) {
    int crc = 0;
    for (byte each : key.tag().getBytes(StandardCharsets.UTF_8)) {
      crc ^= (each & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) == 0 ? crc << 1 : crc << 1 ^ 0x1021;
      }
      crc &= 0xffff;
    }
    return crc % COUNT;
  }
}
