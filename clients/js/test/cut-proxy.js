/** A TCP proxy that can lose connections the way networks do. */
import { once } from 'node:events';
import net from 'node:net';

/**
 * @param {import('node:test').TestContext} t stops the proxy with the test
 * @param {string} target `ws://host:port` of the hub
 */
export async function startCutProxy(t, target) {
  const { hostname, port } = new URL(target);
  const pairs = new Set();
  const lost = { toHub: false, toClient: false };
  const proxy = { accepted: 0, refusing: false };

  const server = net.createServer((client) => {
    client.on('error', () => {});
    if (proxy.refusing) {
      client.destroy();
      return;
    }
    proxy.accepted += 1;
    const hub = net.connect(Number(port), hostname);
    const pair = { client, hub };
    pairs.add(pair);
    hub.on('error', () => {});
    client.on('data', (bytes) => lost.toHub || hub.write(bytes));
    hub.on('data', (bytes) => lost.toClient || client.write(bytes));
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      hub.destroy();
    };
    client.on('close', end);
    hub.on('close', () => (lost.toClient ? pairs.delete(pair) : client.end()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  /** Cuts every connection at once, without a closing handshake; new ones work again. */
  proxy.cut = () => {
    lost.toHub = false;
    lost.toClient = false;
    pairs.forEach(({ client, hub }) => {
      client.destroy();
      hub.destroy();
    });
    pairs.clear();
  };
  /** From now until the cut, what the client sends is lost (`toHub`), or what it would get. */
  proxy.lose = (direction) => {
    lost[direction] = true;
  };
  proxy.url = `ws://127.0.0.1:${server.address().port}`;
  t.after(() => {
    proxy.cut();
    server.close();
  });
  return proxy;
}
