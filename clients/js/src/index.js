/**
 * The JavaScript SDK of Parley, for browsers and Node.
 *
 * @module parley-client
 */
import { Agent } from './agent.js';
import { Hub } from './hub.js';

export { messageText } from './chat-run.js';
export { ParleyError } from './errors.js';
export { Files } from './files.js';
export { VERSION } from './options.js';
export { signup } from './signup.js';

/**
 * Connects to a hub as an operator: a person, or a program that acts for its tenant.
 *
 * @param {string | string[]} urls `ws://host:port`, or several of one cluster: each is tried
 * @param {{key: string | (() => string | Promise<string>)}} options see `ConnectOptions`
 * @returns {Promise<Hub>}
 * @throws {ParleyError} `unauthorized` for a wrong key, `unavailable` when no URL answers
 */
export function connect(urls, options) {
  return Hub.open(urls, options);
}

/**
 * Connects as an agent and answers its messages until closed.
 *
 * @param {string | string[]} urls
 * @param {{key: string, agent: string, window?: number}} options see `ServeOptions`
 * @param {(message: object, ctx: object) => any} handler returns the reply, any JSON value
 * @returns {Promise<Agent>}
 */
export function serveAgent(urls, options, handler) {
  return Agent.serve(urls, options, handler);
}
