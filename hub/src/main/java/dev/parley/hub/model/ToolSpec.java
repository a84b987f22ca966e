package dev.parley.hub.model;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A tool as the model is told of it.
 *
 * @param name letters, digits, {@code _} and {@code -}, at most 64 characters
 * @param description what it does and when to use it
 * @param parameters a JSON Schema of type object
 */
public record ToolSpec(String name, String description, ObjectNode parameters) {}
