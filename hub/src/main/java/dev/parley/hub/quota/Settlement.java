package dev.parley.hub.quota;

/**
 * What became of a reservation.
 *
 * @param settled false when it was not open any more: settled, released or overdue before, and
 *     nothing was booked now
 * @param tokens booked now
 * @param millicents booked now
 * @param tokensBeyond how many more tokens were used than reserved; they are booked, and may take
 *     the tenant past its limit until it resets
 * @param millicentsBeyond the same of money; booked too, unless it is owed to a seller, who never
 *     gets more than was reserved
 */
public record Settlement(
    boolean settled, long tokens, long millicents, long tokensBeyond, long millicentsBeyond) {
  static final Settlement CLOSED = new Settlement(false, 0, 0, 0, 0);
}
