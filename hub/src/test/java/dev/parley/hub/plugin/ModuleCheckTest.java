package dev.parley.hub.plugin;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.dylibso.chicory.wasm.Parser;
import dev.parley.protocol.error.ParleyException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Modules that no assembler would make. */
class ModuleCheckTest {
  private static final int I64 = 0x7e;
  private static final int END = 0x0b;

  /** Makes the bytes of a module whose tool {@code run} has this body. */
  private static byte[] module(byte[] body) {
    return module(new Bytes().raw(2), body);
  }

  /**
   * With types more than those of {@code alloc} and {@code run}; {@code types} begins with how
   * many.
   */
  private static byte[] module(Bytes types, byte[] body) {
    byte[] more = types.toByteArray();
    Bytes all = new Bytes().raw(0, 'a', 's', 'm', 1, 0, 0, 0);
    Bytes typeSection =
        new Bytes().raw(more[0], 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, I64);
    typeSection.write(more, 1, more.length - 1);
    all.section(1, typeSection);
    all.section(3, new Bytes().raw(2, 0, 1));
    all.section(5, new Bytes().raw(1, 0, 1));
    all.section(
        7,
        new Bytes().raw(3).name("memory").raw(2, 0).name("alloc").raw(0, 0).name("run").raw(0, 1));
    Bytes code = new Bytes().raw(2);
    code.sized(new Bytes().raw(0, 0x41, 0, END).toByteArray());
    code.sized(body);
    return all.section(10, code).toByteArray();
  }

  private static final class Bytes extends ByteArrayOutputStream {
    Bytes raw(int... bytes) {
      for (int one : bytes) {
        write(one);
      }
      return this;
    }

    Bytes number(long value) {
      long left = value;
      do {
        long next = left & 0x7f;
        left >>>= 7;
        write((int) (left == 0 ? next : next | 0x80));
      } while (left != 0);
      return this;
    }

    Bytes sized(byte[] bytes) {
      number(bytes.length).writeBytes(bytes);
      return this;
    }

    Bytes section(int id, Bytes content) {
      return raw(id).sized(content.toByteArray());
    }

    Bytes name(String name) {
      return sized(name.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void check(byte[] module) {
    ModuleCheck.parse(
        module,
        PluginManifest.parse(PluginFiles.manifest("made", "1.0.0", "", "run")),
        PluginSettings.defaults());
  }

  private static String refusal(byte[] module) {
    ParleyException refused = assertThrows(ParleyException.class, () -> check(module));
    assertEquals("wasm", refused.details().get("field"));
    return refused.text();
  }

  private static Bytes locals(long... counts) {
    Bytes body = new Bytes().number(counts.length);
    for (long count : counts) {
      body.number(count).raw(I64);
    }
    return body;
  }

  private static byte[] withResult(Bytes body) {
    return body.raw(0x42, 0, END).toByteArray();
  }

  private static Bytes nested(int depth) {
    Bytes body = new Bytes().raw(0);
    for (int i = 0; i < depth; i++) {
      body.raw(0x02, 0x40);
    }
    for (int i = 0; i < depth; i++) {
      body.raw(END);
    }
    return body;
  }

  @Test
  void aPlainModulePasses() {
    assertDoesNotThrow(() -> check(module(withResult(locals()))));
    assertDoesNotThrow(() -> check(module(withResult(locals(500, 500)))));
    assertDoesNotThrow(() -> check(module(withResult(nested(200)))));
  }

  @Test
  void manyVariablesInAFewBytesAreRefusedBeforeTheyAreParsed() {
    assertTrue(refusal(module(withResult(locals(1_025)))).contains("variables"));
    assertTrue(refusal(module(withResult(locals(1_000, 1_000)))).contains("variables"));
    assertTrue(refusal(module(withResult(locals(0xffff_ffffL)))).contains("variables"));
    assertFalse(LocalsCheck.passes(module(withResult(locals(50_000))), 1_024));
    assertTrue(LocalsCheck.passes(module(withResult(locals(1_024))), 1_024));
  }

  @Test
  void blocksNestedTooDeepAreRefused() {
    byte[] deep = module(withResult(nested(300)));
    assertDoesNotThrow(() -> Parser.parse(deep));
    assertTrue(refusal(deep).contains("nested"));
  }

  @Test
  void aTailCallWhichTheInterpreterDoesNotInterruptIsRefused() {
    byte[] endless = module(new Bytes().raw(0, 0x20, 0, 0x20, 1, 0x12, 1, END).toByteArray());
    assertDoesNotThrow(() -> Parser.parse(endless));
    assertTrue(refusal(endless).contains("RETURN_CALL"), refusal(endless));
  }

  @Test
  void typesThatAreGarbageCollectedAreRefused() {
    Bytes array = new Bytes().raw(3, 0x5e, 0x7f, 1);
    byte[] garbage = module(array, withResult(locals()));
    assertDoesNotThrow(() -> Parser.parse(garbage));
    assertTrue(refusal(garbage).contains("other than numbers"), refusal(garbage));
  }

  @Test
  void vectorsAreRefused() {
    Bytes body = new Bytes().raw(0, 0xfd, 0x0c);
    body.writeBytes(new byte[16]);
    byte[] vectors = module(withResult(body.raw(0x1a)));
    assertTrue(refusal(vectors).startsWith("the module is refused"));
  }

  @Test
  void cutAndMangledModulesAreRefusedAndNeverBreakTheCheck() {
    byte[] good = module(withResult(locals(3)));
    for (int length = 0; length < good.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(good, length);
      assertThrows(ParleyException.class, () -> check(cut), "length " + length);
    }
    for (int at = 0; at < good.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] mangled = good.clone();
        mangled[at] ^= (byte) (1 << bit);
        try {
          check(mangled);
        } catch (ParleyException refused) {
          assertEquals("wasm", refused.details().get("field"));
        }
      }
    }
  }
}
