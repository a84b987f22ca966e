/** Uses every part of index.d.ts; checked by the compiler and run against a hub. */
import {
  ParleyError,
  VERSION,
  connect,
  messageText,
  serveAgent,
  signup,
  type Agent,
  type ChatEvent,
  type ConnectOptions,
  type Gap,
  type Hub,
  type Message,
  type Reply,
} from 'parley-client';

interface Question {
  widgets: number;
}

interface Answer {
  total: number;
}

export async function use(url: string, tenant: string): Promise<string[]> {
  const { secret, agent: first } = await signup(url, { tenant, displayName: 'Usage' });
  const options: ConnectOptions = {
    key: async () => secret,
    reconnect: { minDelayMs: 10, maxDelayMs: 100, maxAttempts: 3 },
    caps: [],
    client: { displayName: 'usage' },
    requestTimeoutMs: 10_000,
    onEvent: ({ event, seq }) => void [event, seq],
    webSocket: WebSocket,
  };
  const hub: Hub = await connect([url], options);
  const removals = [
    hub.on('gap', (gap: Gap) => void (gap.reason === 'missed' ? gap.expected : null)),
    hub.on('reconnect', ({ resumed, attempt }) => void [resumed === true, attempt + 1]),
    hub.on('close', (error) => void error.code),
    hub.on('chat', (payload) => void payload.state),
  ];
  const said: string[] = [VERSION, first, hub.state, hub.hello.auth.tenant ?? 'none'];

  const events: ChatEvent[] = [];
  const run = hub.chat('hello', { agent: 'main', session: 'usage', timeoutMs: 30_000 });
  for await (const event of run) {
    events.push(event);
  }
  const final = events.at(-1);
  if (final?.type !== 'final') {
    throw new Error('the chat has no end');
  }
  const history = await hub.request<{ messages: unknown[] }>('chat.history', { sessionKey: 'usage' });
  said.push(String(messageText(history.messages.at(-1)) === final.text), String(final.runId === run.runId));

  const { id } = await hub.memory.put('Mia likes oolong tea.', { tags: ['people'] });
  const memories = await hub.memory.search('oolong', { tag: 'people', limit: 3 });
  const { text } = await hub.memory.get(id);
  const { documents } = await hub.memory.list({ agent: memories.results[0]?.agentId });
  said.push(String(memories.results[0]?.id === documents[0]?.id && text.includes('Mia')));
  said.push(String(await hub.memory.delete(id)));

  await hub.request('agents.create', { id: 'quotes', name: 'Quotes', kind: 'remote' });
  const agent: Agent = await serveAgent<Question>(
    url,
    { key: secret, agent: 'quotes', window: 4, onError: () => {} },
    async (message: Message<Question>, ctx) => {
      if (message.payload.widgets === 0) {
        throw new ParleyError('invalid_request', 'no widgets', { details: { field: 'widgets' } });
      }
      ctx.signal.throwIfAborted();
      await ctx.chunk('counting');
      return { total: message.payload.widgets * 2 } satisfies Answer;
    },
  );
  const reply: Reply<Answer> = await hub.call<Answer>(agent.address, { widgets: 2 }, { from: 'main' });
  said.push(String(reply.payload.total), reply.from);
  const sent = await hub.send(agent.address, { widgets: 4 }, { priority: 'high', ttlMs: 60_000 });
  said.push(sent.status);
  const stream = hub.stream<string, Answer>(agent.address, { widgets: 3 }, { maxBufferedBytes: 1 << 20 });
  for await (const chunk of stream) {
    said.push(chunk);
  }
  said.push(String((await stream.reply()).payload.total));
  try {
    await hub.call(agent.address, { widgets: 0 });
  } catch (error) {
    if (error instanceof ParleyError) {
      said.push(error.code, String(error.retryable));
    }
  }
  removals.forEach((remove) => remove());
  await agent.close({ drainMs: 100 });
  hub.close();
  return said;
}

export function misuse(hub: Hub): void {
  // @ts-expect-error the key is needed
  void connect('ws://127.0.0.1', {});
  // @ts-expect-error there is no such option
  void connect('ws://127.0.0.1', { key: 'k', reconnet: false });
  // @ts-expect-error an agent needs its id
  void serveAgent('ws://127.0.0.1', { key: 'k' }, () => null);
  // @ts-expect-error a tenant is needed
  void signup('http://127.0.0.1', {});
  // @ts-expect-error a gap has no URL
  hub.on('gap', ({ url }) => void url);
  // @ts-expect-error the state is not ours to set
  hub.state = 'open';
}
