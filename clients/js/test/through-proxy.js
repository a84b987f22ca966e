import { connect } from '../src/index.js';
import { startCutProxy } from './cut-proxy.js';
import { newTenant } from './hub.js';

/** Reconnects without waiting long. */
export const SOON = { minDelayMs: 20, maxDelayMs: 200 };

/** A tenant whose connection goes through a proxy that can be cut. */
export async function throughProxy(t, hub, options = {}) {
  const proxy = await startCutProxy(t, hub.wsUrl);
  const tenant = await newTenant(hub, 'acme');
  const connection = await connect(proxy.url, { key: tenant.secret, reconnect: SOON, ...options });
  t.after(() => connection.close());
  return { proxy, tenant, connection };
}
