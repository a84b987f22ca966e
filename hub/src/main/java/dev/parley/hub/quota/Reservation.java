package dev.parley.hub.quota;

/**
 * Tokens and money taken out of a tenant's budgets, to be settled or released.
 *
 * @param id that of the {@link Spend}
 * @param day the UTC day it counts on, by Redis's clock, in days of the epoch
 */
public record Reservation(String id, long day, long tokens, long millicents) {}
