package dev.parley.hub.workspace;

/** The kinds of archive. */
public enum ArchiveFormat {
  ZIP("zip"),
  TAR_GZ("tar.gz");

  private final String wireName;

  ArchiveFormat(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  /** The format of this name; the contract admits no other. Zip when there is none. */
  public static ArchiveFormat of(String wireName) {
    return wireName.equals(TAR_GZ.wireName) ? TAR_GZ : ZIP;
  }
}
