import { ParleyError } from './errors.js';
import { uuid } from './ids.js';

/** How much longer than the hub we wait: the way there and back. */
export const MARGIN_MS = 5_000;

/** The methods whose idempotency key lets the hub recognise a repeated request. */
const IDEMPOTENT = new Set(['chat.send', 'sessions.send', 'agent']);

/**
 * A request ready to be sent: its key for safe repetition, how long to wait for it, its frame.
 *
 * @throws {ParleyError} `invalid_request` when the params are no JSON
 */
export function outgoing(id, method, params, options, settings) {
  const { timeoutMs, expectFinal = false, urgent = false, onChunk, resume } = options;
  const complete = { ...params };
  if (IDEMPOTENT.has(method)) {
    complete.idempotencyKey ??= uuid();
  }
  if (method === 'agent.call') {
    complete.timeoutMs ??= settings.callTimeoutMs;
  }
  return {
    id,
    method,
    expectFinal,
    urgent,
    onChunk,
    resumeText: resume && (() => frameText(id, 'stream.resume', resume())),
    repeatable: complete.idempotencyKey !== undefined || isRepeatableCall(complete),
    timeoutMs: timeoutMs ?? patience(method, complete, expectFinal, settings),
    text: frameText(id, method, complete),
  };
}

/**
 * A call is repeated only if its caller chose the message id, by which the agent can tell: the hub
 * forgets a call when it ends. What a lost connection cancelled with its parent is over, and a
 * stream has a reader who saw its beginning.
 */
function isRepeatableCall({ messageId, parent, stream }) {
  return messageId !== undefined && parent === undefined && stream !== true;
}

/** How long the hub may take, and a margin for the way. */
function patience(method, params, expectFinal, { requestTimeoutMs, chatTimeoutMs }) {
  if (method === 'agent.call' || (method === 'agent.wait' && params.timeoutMs !== undefined)) {
    return params.timeoutMs + MARGIN_MS;
  }
  if (method === 'agent' && expectFinal) {
    return params.timeout === undefined ? chatTimeoutMs : params.timeout * 1000 + MARGIN_MS;
  }
  return requestTimeoutMs;
}

function frameText(id, method, params) {
  try {
    return JSON.stringify({ type: 'req', id, method, params });
  } catch (error) {
    throw new ParleyError('invalid_request', `the params of ${method} are no JSON: ${error.message}`, {
      details: { field: 'params' },
      cause: error,
    });
  }
}
