import { connect, serveAgent } from '../src/index.js';
import { newTenant, openChannel } from './hub.js';

/**
 * Two tenants of a hub and an agent between them.
 *
 * @param {() => object} hubOf gives the hub, once it runs
 */
export function stories(hubOf) {
  /** Tenant acme, tenant globex with the remote agent `quotes`, both connected; no channel yet. */
  async function twoTenants(t) {
    const sides = {};
    for (const name of ['acme', 'globex']) {
      const tenant = await newTenant(hubOf(), name);
      const connection = await connect(hubOf().wsUrl, { key: tenant.secret });
      t.after(() => connection.close());
      sides[name] = { ...tenant, connection };
    }
    const { globex } = sides;
    await globex.connection.request('agents.create', { id: 'quotes', name: 'Quotes', kind: 'remote' });
    return { ...sides, quotes: `${globex.id}/quotes` };
  }

  /** The same with an open channel and a served agent. */
  async function story(t, handler, options = {}) {
    const sides = await twoTenants(t);
    const { acme, globex, quotes } = sides;
    const channel = await openChannel(acme.connection, globex.connection, acme.id, quotes);
    const agent = await serve(t, globex.secret, 'quotes', handler, options);
    return { ...sides, channel, agent };
  }

  async function serve(t, key, agent, handler, options = {}) {
    const served = await serveAgent(hubOf().wsUrl, { key, agent, ...options }, handler);
    t.after(() => served.close());
    return served;
  }

  return { twoTenants, story, serve };
}

/** What a signal was aborted with, once it is. */
export function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(signal.reason);
    } else {
      signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
    }
  });
}
