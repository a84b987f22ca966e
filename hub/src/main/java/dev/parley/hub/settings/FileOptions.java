package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.millis;

import java.time.Duration;
import java.util.List;

/** The settings of workspace files. */
public final class FileOptions {
  public static final Setting<Integer> MAX_BYTES =
      integer(
          "file-max-bytes",
          "<bytes>",
          "268435456",
          1_024,
          Integer.MAX_VALUE,
          "largest file of a workspace, and largest archive");
  public static final Setting<Integer> TRANSFERS =
      integer(
          "file-transfers",
          "<n>",
          "256",
          1,
          100_000,
          "up- and downloads of files at the same time on this node");
  public static final Setting<Integer> TENANT_TRANSFERS =
      integer(
          "file-tenant-transfers", "<n>", "16", 1, 100_000, "of these, transfers of one tenant");
  public static final Setting<Duration> TRANSFER_IDLE =
      millis(
          "file-transfer-idle-ms",
          "30000",
          100,
          3_600_000,
          "time in which an up- or download must get on, or it is ended");

  static final List<Setting<?>> ALL =
      List.of(MAX_BYTES, TRANSFERS, TENANT_TRANSFERS, TRANSFER_IDLE);

  private FileOptions() {}
}
