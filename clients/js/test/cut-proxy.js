/** A TCP proxy that can lose connections the way networks do, and single frames of the hub. */
import { once } from 'node:events';
import net from 'node:net';

const TEXT = 1;

/**
 * @param {import('node:test').TestContext} t stops the proxy with the test
 * @param {string} target `ws://host:port` of the hub
 */
export async function startCutProxy(t, target) {
  const { hostname, port } = new URL(target);
  const pairs = new Set();
  const lost = { toHub: false, toClient: false };
  const proxy = { accepted: 0, refusing: false, drops: () => false };

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
    const pass = framewise((frame) => proxy.drops(frame), (bytes) => client.write(bytes));
    hub.on('data', (bytes) => lost.toClient || pass(bytes));
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

/**
 * Cuts what a hub sends into its answer to the upgrade and the frames after it, and passes on those
 * whose JSON `drops` does not want.
 */
function framewise(drops, write) {
  let rest = Buffer.alloc(0);
  let upgraded = false;
  const headSize = () => {
    const end = rest.indexOf('\r\n\r\n');
    return end < 0 ? Infinity : end + 4;
  };
  const frameSize = () => {
    const short = rest[1];
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < start) {
      return { start, size: Infinity };
    }
    const length =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    return { start, size: start + length };
  };
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length > 1) {
      const { start, size } = upgraded ? frameSize() : { start: 0, size: headSize() };
      if (rest.length < size) {
        return;
      }
      const frame = rest.subarray(0, size);
      rest = rest.subarray(size);
      if (!upgraded || (frame[0] & 0x0f) !== TEXT || !drops(JSON.parse(frame.subarray(start)))) {
        write(frame);
      }
      upgraded = true;
    }
  };
}
