/**
 * The one way out by HTTP: resolves a name once, looks at every address it has, connects to one
 * that was looked at, follows no redirect to another host, and bounds size and time.
 *
 * <p>In comes a request whose address a tenant or the operator has set; out go its bytes. Which of
 * the two it was is said when the client is made and not with each request, and a tenant's requests
 * carry only what the tenant has set: the platform's keys live beside the operator's addresses, in
 * one value. An architecture test keeps every other HTTP client out of the hub.
 */
@NullMarked
package dev.parley.hub.outbound;

import org.jspecify.annotations.NullMarked;
