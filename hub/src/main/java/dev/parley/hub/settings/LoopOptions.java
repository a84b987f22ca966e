package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.millis;

import java.time.Duration;
import java.util.List;

/** The settings of the loop breaker. */
public final class LoopOptions {
  public static final Setting<Integer> REPEATS =
      integer(
          "loop-repeats",
          "<n>",
          "8",
          2,
          62,
          "messages without anything new, of the last n + 2, that make an edge suspect of a loop");
  public static final Setting<Duration> WINDOW =
      millis(
          "loop-window-ms",
          "300000",
          1_000,
          86_400_000,
          "silence after which agents that repeat themselves are no loop");
  public static final Setting<Integer> FAN_OUT =
      integer(
          "loop-fan-out",
          "<n>",
          "1000",
          1,
          1_000_000_000,
          "messages that one message may lead its agent to");
  public static final Setting<Integer> CHAIN_MESSAGES =
      integer(
          "loop-chain-messages",
          "<n>",
          "10000",
          1,
          1_000_000_000,
          "messages that one message may lead to over all agents that pass work on");
  public static final Setting<Integer> REFUSALS =
      integer(
          "loop-refusals",
          "<n>",
          "3",
          1,
          1_000_000_000,
          "chains too long or coming back that stop the messages of one agent to another");
  public static final Setting<Integer> SPEND =
      integer(
          "loop-spend-per-minute",
          "<millicents>",
          "1000000",
          1,
          Integer.MAX_VALUE,
          "what the calls of one agent to another may cost in a minute");
  public static final Setting<Duration> PAUSE =
      millis(
          "loop-pause-ms",
          "30000",
          1,
          86_400_000,
          "first pause of a stopped loop; then it doubles");
  public static final Setting<Duration> MAX_PAUSE =
      millis("loop-max-pause-ms", "900000", 1, 86_400_000, "longest pause of a stopped loop");
  public static final Setting<Integer> PROBES =
      integer(
          "loop-probes",
          "<n>",
          "3",
          1,
          1_000,
          "messages after the pause that end the stop of a loop, or begin a longer one");
  public static final Setting<Integer> MAX_EDGES =
      integer(
          "loop-max-edges",
          "<n>",
          "65536",
          16,
          10_000_000,
          "pairs of agents that this node watches for loops");
  public static final Setting<Integer> MAX_TENANT_EDGES =
      integer(
          "loop-max-tenant-edges",
          "<n>",
          "4096",
          16,
          10_000_000,
          "of these, pairs whose caller is of one tenant");

  static final List<Setting<?>> ALL =
      List.of(
          REPEATS,
          WINDOW,
          FAN_OUT,
          CHAIN_MESSAGES,
          REFUSALS,
          SPEND,
          PAUSE,
          MAX_PAUSE,
          PROBES,
          MAX_EDGES,
          MAX_TENANT_EDGES);

  private LoopOptions() {}
}
