/**
 * The contract: every operation and event of the hub with its schema, its permission and its REST
 * route, read from {@code *.json} beside this package. The hub validates requests against it, the
 * published OpenAPI, AsyncAPI and JSON Schema documents are made from it, and tests enumerate it.
 */
@NullMarked
package dev.parley.protocol.contract;

import org.jspecify.annotations.NullMarked;
