package dev.parley.hub.channel;

import dev.parley.protocol.address.ListingId;

/**
 * What a channel was sold under: part of the terms that both sides sign, so that neither can change
 * the price alone.
 *
 * @param version of the listing when it was installed
 */
public record Offer(ListingId listing, String version, Price price) {}
