package dev.parley.hub.plugin;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import dev.parley.hub.plugin.PluginStopped.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** An instance's memory as the host sees it: nothing in it is believed. */
final class GuestMemory {
  private final Instance instance;
  private final Memory memory;

  GuestMemory(Instance instance) {
    this.instance = instance;
    this.memory = instance.memory();
  }

  /** A place as functions answer it. */
  static long pack(int address, int length) {
    return (long) address << 32 | length;
  }

  /**
   * The text at a place.
   *
   * @param what for the refusal
   * @param most bytes
   */
  String text(int address, int length, int most, Reason tooLong, String what) {
    if (length < 0 || length > most) {
      throw new PluginStopped(tooLong, "gave %s of more than %d bytes".formatted(what, most));
    }
    requireInside(address, length, what);
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(memory.readBytes(address, length)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new PluginStopped(Reason.BAD_REQUEST, "gave %s that is no UTF-8".formatted(what));
    }
  }

  /** Hands a text to the guest, in memory that it allocates; answers the place, packed. */
  long hand(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int address = (int) instance.export("alloc").apply(bytes.length)[0];
    requireInside(address, bytes.length, "a place");
    memory.write(address, bytes);
    return pack(address, bytes.length);
  }

  private void requireInside(int address, int length, String what) {
    long end = (long) memory.pages() * Memory.PAGE_SIZE;
    if (address < 0 || address + (long) length > end) {
      throw new PluginStopped(
          Reason.BAD_REQUEST, "gave %s that is outside its memory".formatted(what));
    }
  }
}
