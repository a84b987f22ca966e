/**
 * The WebSocket class to use: the caller's, or the platform's.
 *
 * @throws {TypeError} when there is none
 */
export function webSocketClass(chosen = globalThis.WebSocket) {
  if (typeof chosen !== 'function') {
    throw new TypeError(
      'this runtime has no WebSocket: use Node 22 or newer, or pass a class, for example of the'
        + ' package ws, as the option webSocket',
    );
  }
  return chosen;
}

/** `backend` and the operating system on a server, `webchat` and `web` in a page. */
export function clientDescription(version) {
  const node = globalThis.process?.versions?.node !== undefined;
  return {
    id: 'gateway-client',
    version,
    platform: node ? globalThis.process.platform : 'web',
    mode: node ? 'backend' : 'webchat',
  };
}

/**
 * The address of the socket: `http:` becomes `ws:`, and a URL without a path gets `/ws`.
 *
 * @throws {TypeError} for anything else, also for a URL with a password: the key goes in `key`
 */
export function socketUrl(text) {
  const url = new URL(text);
  const protocol = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol];
  if (protocol === undefined) {
    throw new TypeError(`the URL of a hub begins with ws:, wss:, http: or https:, got ${url.protocol}`);
  }
  if (url.username || url.password) {
    throw new TypeError('a key must not be in the URL: pass it as the option key');
  }
  url.protocol = protocol;
  url.hash = '';
  if (url.pathname === '/') {
    url.pathname = '/ws';
  }
  return url.href;
}
