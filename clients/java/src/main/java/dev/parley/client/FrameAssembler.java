package dev.parley.client;

import org.jspecify.annotations.Nullable;

/** Puts the parts of a text frame together, up to a bound. */
final class FrameAssembler {
  private final int maxChars;
  private @Nullable StringBuilder parts;

  FrameAssembler(int maxChars) {
    this.maxChars = maxChars;
  }

  /**
   * Takes the next part.
   *
   * @return the frame when it is complete, else null
   * @throws FrameTooLargeException when the frame passes the bound
   */
  @Nullable String add(CharSequence part, boolean last) throws FrameTooLargeException {
    int before = parts == null ? 0 : parts.length();
    if (part.length() > maxChars - before) {
      parts = null;
      throw new FrameTooLargeException();
    }
    if (last && parts == null) {
      return part.toString();
    }
    if (parts == null) {
      parts = new StringBuilder(Math.max(1024, 2 * part.length()));
    }
    parts.append(part);
    if (!last) {
      return null;
    }
    String frame = parts.toString();
    parts = null;
    return frame;
  }

  /** A frame is longer than this client reads. */
  static final class FrameTooLargeException extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
