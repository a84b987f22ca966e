package dev.parley.hub.session;

/** Who a row of a transcript is from. */
public enum RowRole {
  USER("user"),
  ASSISTANT("assistant"),
  TOOL_RESULT("toolResult"),
  /** Written by the hub; {@link TranscriptRow#kind()} says why. */
  SYSTEM("system");

  private final String wireName;

  RowRole(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  /**
   * The role of this name.
   *
   * @throws IllegalArgumentException when there is none
   */
  static RowRole of(String wireName) {
    for (RowRole role : values()) {
      if (role.wireName.equals(wireName)) {
        return role;
      }
    }
    throw new IllegalArgumentException("no role of a row: " + wireName);
  }
}
