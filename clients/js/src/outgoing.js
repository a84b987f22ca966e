import { ParleyError } from './errors.js';
import { uuid } from './ids.js';

/** The param by which the hub recognises a repeated request, for the methods that have one. */
const REPEAT_KEYS = {
  'chat.send': 'idempotencyKey',
  'sessions.send': 'idempotencyKey',
  agent: 'idempotencyKey',
  'agent.call': 'messageId',
};

/**
 * A request ready to be sent: its key for safe repetition, how long to wait for it, its frame.
 *
 * @throws {ParleyError} `invalid_request` when the params are no JSON
 */
export function outgoing(id, method, params, options, settings) {
  const { timeoutMs, expectFinal = false, urgent = false, onChunk } = options;
  const complete = { ...params };
  const repeatKey = REPEAT_KEYS[method];
  if (repeatKey !== undefined) {
    complete[repeatKey] ??= uuid();
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
    repeatable: Boolean(complete.idempotencyKey ?? complete.messageId),
    timeoutMs: timeoutMs ?? patience(method, complete, expectFinal, settings),
    text: frameText(id, method, complete),
  };
}

/** How long the hub may take, and a margin for the way. */
function patience(method, params, expectFinal, { requestTimeoutMs, chatTimeoutMs, marginMs }) {
  if (method === 'agent.call' || (method === 'agent.wait' && params.timeoutMs !== undefined)) {
    return params.timeoutMs + marginMs;
  }
  if (method === 'agent' && expectFinal) {
    return params.timeout === undefined ? chatTimeoutMs : params.timeout * 1000 + marginMs;
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
