import { ParleyError, unreachable } from './errors.js';

/**
 * Makes a tenant with its owner key and its first agent: `POST /v1/signup`.
 *
 * @param {string} url `http:` or `https:` address of the hub
 * @param {{tenant: string, displayName?: string, agent?: string, invite?: string}} params
 * @param {{timeoutMs?: number, fetch?: typeof globalThis.fetch}} [options]
 * @returns {Promise<{tenant: object, key: object, secret: string, agent: string}>} the secret is
 *     shown this once
 * @throws {ParleyError} as the hub says, or `unavailable` when it can't be reached
 */
export async function signup(url, params, options = {}) {
  const { timeoutMs = 30_000, fetch = globalThis.fetch } = options;
  let response;
  let body;
  try {
    response = await fetch(new URL('/v1/signup', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(params),
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.text();
  } catch (error) {
    throw unreachable(String(url), error.cause?.message ?? error.message, { cause: error });
  }
  const answer = parse(body);
  if (response.ok && typeof answer?.secret === 'string') {
    return answer;
  }
  const error = answer?.error ?? answer;
  throw typeof error?.code === 'string'
    ? ParleyError.fromWire(error)
    : new ParleyError('unavailable', `${url} answered HTTP ${response.status} and no sign-up`, {
        details: { url: String(url), httpStatus: response.status },
        retryable: response.status >= 500,
      });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
