package dev.parley.hub.plugin;

/**
 * Looks for functions with too many variables before a module is parsed. A declaration of 50,000
 * variables is five bytes long and the parser makes a list of them, so that a small module could
 * fill the heap; all else that it makes is in proportion to the module's size.
 */
final class LocalsCheck {
  private static final int HEADER = 8;
  private static final int CODE_SECTION = 10;

  private final byte[] module;
  private int at = HEADER;

  private LocalsCheck(byte[] module) {
    this.module = module;
  }

  /**
   * Whether no function declares more than {@code most}; false also for what is no module that can
   * be read so far.
   */
  static boolean passes(byte[] module, int most) {
    try {
      return new LocalsCheck(module).sections(most);
    } catch (IndexOutOfBoundsException cutShort) {
      return false;
    }
  }

  private boolean sections(int most) {
    while (at < module.length) {
      int id = module[at++];
      long size = unsigned();
      int end = Math.toIntExact(Math.min(at + size, Integer.MAX_VALUE));
      if (id == CODE_SECTION && !functions(most, end)) {
        return false;
      }
      at = end;
    }
    return true;
  }

  private boolean functions(int most, int sectionEnd) {
    long functions = unsigned();
    for (long i = 0; i < functions; i++) {
      long size = unsigned();
      long end = at + size;
      if (end > sectionEnd) {
        return false;
      }
      long declarations = unsigned();
      long locals = 0;
      for (long j = 0; j < declarations; j++) {
        locals += unsigned();
        at++;
        if (locals > most || at > end) {
          return false;
        }
      }
      at = (int) end;
    }
    return true;
  }

  /** An unsigned number of at most 32 bits in LEB128. */
  private long unsigned() {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte next = module[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IndexOutOfBoundsException("a number is too long");
  }
}
