package dev.parley.hub.tenant;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The plans a tenant can be on. Single limits of a tenant can be set apart from its plan. */
public enum Plan {
  /** What a sign-up gets unless the operator says otherwise. */
  FREE(
      new Limits(
          50L,
          100L,
          200_000L,
          2_000_000L,
          100_000L,
          1_000_000L,
          100L,
          10L,
          50L,
          100L,
          10L,
          20L,
          1_000L,
          64_000_000L,
          1_000L,
          20L,
          1_000L,
          16_000_000L,
          100_000_000L,
          2_000L)),
  PRO(
      new Limits(
          500L,
          1_000L,
          5_000_000L,
          100_000_000L,
          10_000_000L,
          200_000_000L,
          1_000L,
          200L,
          1_000L,
          2_000L,
          200L,
          200L,
          20_000L,
          1_000_000_000L,
          20_000L,
          1_000L,
          50_000L,
          1_000_000_000L,
          10_000_000_000L,
          100_000L)),
  /** For the operator's own agents and for load tests: limits that only stop a runaway. */
  UNMETERED(
      new Limits(
          1_000_000L,
          200_000L,
          1_000_000_000_000L,
          30_000_000_000_000L,
          1_000_000_000_000L,
          30_000_000_000_000L,
          100_000L,
          2_000_000L,
          100_000L,
          100_000L,
          100_000L,
          1_000L,
          10_000_000L,
          1_000_000_000_000L,
          1_000_000L,
          10_000L,
          1_000_000L,
          100_000_000_000L,
          1_000_000_000_000L,
          10_000_000L));

  private final Limits limits;
  private final String wireName = name().toLowerCase(Locale.ROOT);

  Plan(Limits limits) {
    this.limits = limits;
  }

  public Limits limits() {
    return limits;
  }

  public String wireName() {
    return wireName;
  }

  /**
   * The plan of this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code plan} and the plans
   */
  public static Plan of(String name) {
    for (Plan plan : values()) {
      if (plan.wireName.equals(name)) {
        return plan;
      }
    }
    throw new ParleyException(
            ErrorCode.INVALID_REQUEST,
            "no plan of that name; there are "
                + Arrays.stream(values()).map(Plan::wireName).collect(Collectors.joining(", ")))
        .with("field", "plan");
  }
}
