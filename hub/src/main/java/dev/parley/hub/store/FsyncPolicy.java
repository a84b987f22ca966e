package dev.parley.hub.store;

import java.util.Locale;

/** When Redis forces an accepted write to the disk. */
public enum FsyncPolicy {
  /** Before it answers: what was answered survives a power cut. */
  ALWAYS,
  /** Once a second: up to two seconds of answered writes are lost when the machine loses power. */
  EVERYSEC;

  /** The name in Redis's own configuration. */
  String redisName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
