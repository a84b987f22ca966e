import { clientDescription, socketUrl } from './websocket.js';

/** The version of this package; a test holds it to package.json. */
export const VERSION = '0.1.0';

const DEFAULTS = {
  reconnect: {},
  handshakeTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  callTimeoutMs: 60_000,
  chatTimeoutMs: 600_000,
  maxQueued: 1_000,
  maxQueuedBytes: 16 << 20,
  caps: [],
};

const KNOWN = new Set([...Object.keys(DEFAULTS), 'key', 'client', 'scopes', 'onEvent', 'webSocket']);

/**
 * The options of `connect` with their defaults.
 *
 * @param {string | string[]} urls
 * @param {object} options
 * @throws {TypeError} which option is wrong
 */
export function settings(urls, options = {}) {
  const addresses = (Array.isArray(urls) ? urls : [urls]).map(socketUrl);
  if (addresses.length === 0) {
    throw new TypeError('connect needs at least one URL');
  }
  const { key, client } = options;
  if (typeof key !== 'function' && (typeof key !== 'string' || key === '')) {
    throw new TypeError('the option key must be an API key, or a function that gives one');
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([name]) => !KNOWN.has(name));
  if (unknown !== undefined) {
    throw new TypeError(`there is no option ${unknown[0]}; there are ${[...KNOWN].join(', ')}`);
  }
  return {
    ...DEFAULTS,
    ...Object.fromEntries(given),
    urls: addresses,
    client: { ...clientDescription(VERSION), ...client },
  };
}
