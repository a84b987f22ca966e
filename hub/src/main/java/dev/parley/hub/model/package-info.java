/**
 * Language models behind one interface.
 *
 * <p>Comes in: a {@link dev.parley.hub.model.ModelRequest} made of the system prompt, the
 * conversation and the tools an agent may call. Goes out: text while it is being made, and one
 * {@link dev.parley.hub.model.ModelReply} with tool calls and token usage. {@link
 * dev.parley.hub.model.Models} finds the provider of a tenant's model; the tenants' provider keys
 * are kept encrypted by {@link dev.parley.hub.model.ProviderKeys}.
 *
 * <p>Everything is delivered on the Vert.x context of the caller. No type of the model library
 * leaves this package, and this room decides nothing about budgets: it only says what a request can
 * cost at most and what it did cost.
 */
@NullMarked
package dev.parley.hub.model;

import org.jspecify.annotations.NullMarked;
