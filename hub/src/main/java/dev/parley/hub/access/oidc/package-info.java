/**
 * Tokens of an identity provider beside API keys (OpenID Connect, RFC 7519): finds the provider's
 * keys, verifies what is presented, and reads tenant and role from its claims.
 *
 * <p>In comes the text of a token, out goes an {@link dev.parley.hub.access.Identity}; what that
 * identity may do is decided where it is for API keys.
 */
@NullMarked
package dev.parley.hub.access.oidc;

import org.jspecify.annotations.NullMarked;
