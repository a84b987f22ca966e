package dev.parley.hub.channel;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * What both sides of a channel sign, and what never changes.
 *
 * @param id {@code ch_} and 16 letters or digits
 * @param from who may call: a tenant with all its agents, or one agent
 * @param to the agent that may be called, of another tenant
 * @param purpose for people
 * @param createdAt epoch milliseconds
 * @param expiresAt epoch milliseconds, exclusive; null for no end
 * @param proposedBy who signed first
 * @param offer set when the channel comes from the marketplace
 */
public record Terms(
    String id,
    Party from,
    AgentAddress to,
    @Nullable String purpose,
    Payer payer,
    ChannelLimits limits,
    long createdAt,
    @Nullable Long expiresAt,
    Party proposedBy,
    @Nullable Offer offer) {
  private static final long DAY_MS = 86_400_000L;

  /** How long a proposal waits for the other side, in milliseconds. */
  static final long PROPOSAL_MS = 30 * DAY_MS;

  /** How long an install may take between its two signatures, in milliseconds. */
  static final long INSTALL_MS = 60_000;

  static final long NEVER = (1L << 53) - 1;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

  /** An id that nobody can guess: 80 random bits. */
  static String newId() {
    StringBuilder id = new StringBuilder("ch_");
    for (int i = 0; i < 16; i++) {
      id.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return id.toString();
  }

  /** The tenant across, seen from one side. */
  public TenantId peerOf(TenantId side) {
    return from.tenant().equals(side) ? to.tenant() : from.tenant();
  }

  /** When an active channel ends. */
  long end() {
    return expiresAt == null ? NEVER : expiresAt;
  }

  /** When it ends for lack of a second signature. */
  long lapse() {
    return Math.min(end(), createdAt + (offer == null ? PROPOSAL_MS : INSTALL_MS));
  }
}
