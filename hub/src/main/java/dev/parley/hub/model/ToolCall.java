package dev.parley.hub.model;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A model's wish to call a tool. The arguments are what the model wrote: validate them against the
 * tool's schema.
 *
 * @param id unique in the conversation
 */
public record ToolCall(String id, String name, ObjectNode arguments) {}
